/**
 * Logging: one small interface that every layer takes; log.ts puts winston behind it.
 *
 * Fields carry what identifies the work (controller, object, reconcileId, connection). Values are never configuration
 * contents or credentials: callers pass names, md5s and counts.
 */
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

export interface LogEntry {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** A logger that hands every line to `write`, with the fields of the loggers that it is a child of. */
export function loggerOf(write: (entry: LogEntry) => void, inherited: LogFields = {}): Logger {
  const at =
    (level: LogLevel) =>
    (message: string, fields?: LogFields): void =>
      write({ level, message, fields: { ...inherited, ...fields } });
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => loggerOf(write, { ...inherited, ...fields }),
  };
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
