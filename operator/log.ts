/**
 * Logging: one small interface that every layer takes, and winston behind it.
 *
 * JSON lines by default, so that a log store can index them; `text` for a person at a terminal. Fields carry what
 * identifies the work (controller, object, reconcileId, connection). Values are never configuration contents or
 * credentials: callers pass names, md5s and counts.
 */
import { createLogger as createWinston, format, transports } from 'winston';
import DailyRotateFile from 'winston-daily-rotate-file';
import { BridgeError, messageOf } from './errors.ts';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

export type LogFields = Record<string, string | number | boolean | undefined | readonly string[]>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to every line. */
  child(fields: LogFields): Logger;
}

export interface LogOptions {
  level: LogLevel;
  format: 'json' | 'text';
  /** Where rotating files go besides standard error; none when undefined. */
  dir?: string;
  rotateSeconds: number;
  maxFiles: number;
}

/** Logs to standard error, so that standard output stays free for what a command prints. */
export function createLogger(options: LogOptions): Logger {
  const console = new transports.Stream({ stream: process.stderr });
  const file = options.dir === undefined ? [] : [rotatingFile(options.dir, options.rotateSeconds, options.maxFiles)];
  return createWinston({
    level: options.level,
    format: options.format === 'json' ? json : text,
    transports: [console, ...file],
  });
}

/** The fields that describe a failure: its code if it has one, its message, and the message of its cause. */
export function errorFields(error: unknown): LogFields {
  const cause = error instanceof Error ? error.cause : undefined;
  return {
    code: error instanceof BridgeError ? error.code : undefined,
    error: messageOf(error),
    cause: cause === undefined ? undefined : messageOf(cause),
  };
}

export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLogger,
};

const json = format.combine(format.timestamp(), format.json());

const text = format.combine(
  format.timestamp({ format: 'HH:mm:ss.SSS' }),
  format.printf(({ timestamp, level, message, ...fields }) => {
    const details = Object.entries(fields).filter(([, value]) => value !== undefined);
    const tail = details.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(' ');
    return `${String(timestamp)} ${level.toUpperCase().padEnd(5)} ${String(message)}${tail && `  ${tail}`}`;
  }),
);

/** Periods shorter than a minute are a minute: the rotation clock of the library counts in minutes. */
function rotatingFile(dirname: string, rotateSeconds: number, maxFiles: number): DailyRotateFile {
  const minutes = Math.max(1, Math.round(rotateSeconds / 60));
  const wholeDay = minutes % (24 * 60) === 0;
  return new DailyRotateFile({
    dirname,
    filename: 'nacos-bridge-%DATE%.log',
    datePattern: wholeDay ? 'YYYY-MM-DD' : 'YYYY-MM-DD-HH-mm',
    frequency: wholeDay ? 'daily' : `${minutes}m`,
    maxFiles,
  });
}
