/**
 * Cuts a stream of bytes into lines. What follows the last newline is kept for the next chunk, so a line (and a
 * character of several bytes) may arrive in any number of pieces; each line is decoded once, whole.
 */
const newline = 0x0a;

export class LineSplitter {
  #rest: Buffer[] = [];

  /** The lines that are complete now, without their newline; blank ones are left out. */
  push(chunk: Uint8Array): string[] {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const lines: string[] = [];
    let start = 0;
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
      const line = this.#take(bytes.subarray(start, end));
      if (line.trim() !== '') lines.push(line);
      start = end + 1;
    }
    if (start < bytes.length) this.#rest.push(bytes.subarray(start));
    return lines;
  }

  /** Whether the stream stopped within a line. */
  get incomplete(): boolean {
    return this.#rest.length > 0;
  }

  #take(end: Buffer): string {
    if (this.#rest.length === 0) return end.toString('utf8');
    const whole = Buffer.concat([...this.#rest, end]);
    this.#rest = [];
    return whole.toString('utf8');
  }
}
