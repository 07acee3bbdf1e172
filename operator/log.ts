/**
 * What is behind the logger of a process: winston.
 *
 * JSON lines by default, so that a log store can index them; `text` for a person at a terminal.
 */
import { inspect } from 'node:util';
import { createLogger as createWinston, format, transports } from 'winston';
import DailyRotateFile from 'winston-daily-rotate-file';
import { messageOf } from './errors.ts';
import { loggerOf, type Logger, type LogLevel } from './logger.ts';

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
  const winston = createWinston({
    level: options.level,
    format: options.format === 'json' ? json : text,
    transports: [console, ...file],
  });
  // A full disk must not end the operator: it goes on logging to standard error.
  winston.on('error', (error) => {
    process.stderr.write(`the log file cannot be written: ${messageOf(error)}\n`);
  });
  // Winston would append a field `message` to the message and take a `timestamp` for its own.
  return loggerOf(
    ({ level, message, fields }) => void winston.log({ ...fields, timestamp: undefined, level, message }),
  );
}

const json = format.combine(format.timestamp(), format.json());

const text = format.combine(
  format.timestamp({ format: 'HH:mm:ss.SSS' }),
  format.printf(({ timestamp, level, message, ...fields }) => {
    const details = Object.entries(fields).filter(([, value]) => value !== undefined);
    const tail = details.map(([name, value]) => `${name}=${shown(value)}`).join(' ');
    return `${String(timestamp)} ${level.toUpperCase().padEnd(5)} ${String(message)}${tail && `  ${tail}`}`;
  }),
);

function shown(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return inspect(value, { breakLength: Infinity });
  }
}

/**
 * The library rotates by minutes up to 60, by hours up to 24, or daily, and silently not at all by anything else; so
 * the period is the next of these. Names begin a file's period; a name that changes more often would rotate with it.
 */
function rotatingFile(dirname: string, rotateSeconds: number, maxFiles: number): DailyRotateFile {
  const file = new DailyRotateFile({
    dirname,
    filename: 'nacos-bridge-%DATE%.log',
    ...rotation(Math.max(1, Math.round(rotateSeconds / 60))),
    maxFiles,
  });
  // The library does not listen for errors of its stream, and an error without a listener ends the process.
  file.logStream.on('error', (error) => file.emit('error', error));
  return file;
}

function rotation(minutes: number): { frequency: string; datePattern: string } {
  const hours = Math.round(minutes / 60);
  if (hours >= 24) return { frequency: 'daily', datePattern: 'YYYY-MM-DD' };
  if (minutes > 60) return { frequency: `${hours}h`, datePattern: 'YYYY-MM-DD-HH' };
  return { frequency: `${minutes}m`, datePattern: 'YYYY-MM-DD-HH-mm' };
}
