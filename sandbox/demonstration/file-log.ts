/**
 * The operator's log in a sandbox: JSON lines in a file, since the terminal shows the table. What is worth a person's
 * attention is told besides.
 */
import { createWriteStream, type WriteStream } from 'node:fs';
import { loggerOf, logLevels, type LogEntry, type Logger, type LogLevel } from '../../operator/logger.ts';

export interface FileLogOptions {
  readonly file: string;
  /** The least severe level that is written. */
  readonly level: LogLevel;
  /** Told of every entry, whatever its level. */
  readonly onEntry: (entry: LogEntry) => void;
}

export class FileLog {
  readonly logger: Logger;
  readonly #stream: WriteStream;

  constructor({ file, level: leastSevere, onEntry }: FileLogOptions) {
    // A full disk must not end the sandbox: what it shows is on the terminal.
    this.#stream = createWriteStream(file, { flags: 'a', mode: 0o600 }).on('error', () => {});
    this.logger = loggerOf((entry) => {
      onEntry(entry);
      const { level, message, fields } = entry;
      if (logLevels.indexOf(level) < logLevels.indexOf(leastSevere) || this.#stream.writableEnded) return;
      this.#stream.write(`${JSON.stringify({ ...fields, timestamp: new Date().toISOString(), level, message })}\n`);
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#stream.destroyed) resolve();
      else this.#stream.once('close', resolve).end();
    });
  }
}
