/**
 * The operator's log in a sandbox: JSON lines in a file, since the terminal shows the table. What is worth a person's
 * attention is told besides.
 */
import { createWriteStream, type WriteStream } from 'node:fs';
import { logLevels, type LogFields, type Logger, type LogLevel } from '../../log.ts';

export interface LogEntry {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

export interface FileLogOptions {
  readonly file: string;
  /** The least severe level that is written. */
  readonly level: LogLevel;
  /** Told of every entry, whatever its level. */
  readonly onEntry: (entry: LogEntry) => void;
}

export class FileLog implements Logger {
  readonly #options: FileLogOptions;
  readonly #stream: WriteStream;
  readonly #fields: LogFields;

  static open(options: FileLogOptions): FileLog {
    // A full disk must not end the sandbox: what it shows is on the terminal.
    const stream = createWriteStream(options.file, { flags: 'a', mode: 0o600 }).on('error', () => {});
    return new FileLog(options, stream, {});
  }

  private constructor(options: FileLogOptions, stream: WriteStream, fields: LogFields) {
    this.#options = options;
    this.#stream = stream;
    this.#fields = fields;
  }

  debug(message: string, fields?: LogFields): void {
    this.#write('debug', message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#write('info', message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#write('warn', message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#write('error', message, fields);
  }

  child(fields: LogFields): Logger {
    return new FileLog(this.#options, this.#stream, { ...this.#fields, ...fields });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#stream.destroyed) resolve();
      else this.#stream.once('close', resolve).end();
    });
  }

  #write(level: LogLevel, message: string, own: LogFields = {}): void {
    const fields = { ...this.#fields, ...own };
    this.#options.onEntry({ level, message, fields });
    if (logLevels.indexOf(level) < logLevels.indexOf(this.#options.level) || this.#stream.writableEnded) return;
    this.#stream.write(`${JSON.stringify({ ...fields, timestamp: new Date().toISOString(), level, message })}\n`);
  }
}
