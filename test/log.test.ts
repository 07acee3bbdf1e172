import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BridgeError } from '../operator/errors.ts';
import { type LogOptions } from '../operator/log.ts';
import { errorFields } from '../operator/logger.ts';

const defaults: LogOptions = { level: 'debug', format: 'json', rotateSeconds: 86_400, maxFiles: 3 };

/** Runs `script`, in which `log` is a logger, in a process of its own, and returns what it wrote. */
async function output(script: string, options: Partial<LogOptions> = {}): Promise<{ stdout: string; stderr: string }> {
  const source = new URL('../operator/log.ts', import.meta.url).href;
  const program = `
    import { createLogger } from ${JSON.stringify(source)};
    const log = createLogger(${JSON.stringify({ ...defaults, ...options })});
    ${script}`;
  return promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program]);
}

async function jsonLines(script: string, options?: Partial<LogOptions>): Promise<Record<string, unknown>[]> {
  const { stderr } = await output(script, options);
  return stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('log', () => {
  it('writes JSON lines to standard error and nothing to standard output', async () => {
    const { stdout, stderr } = await output(`log.info('hello', { count: 1, ready: true, names: ['a'] });`);
    assert.equal(stdout, '');
    const { timestamp, ...rest } = JSON.parse(stderr) as Record<string, unknown>;
    assert.deepEqual(rest, { level: 'info', message: 'hello', count: 1, ready: true, names: ['a'] });
    assert.match(String(timestamp), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('keeps a message of several lines on one', async () => {
    const [line] = await jsonLines(`log.error('a\\nb');`);
    assert.equal(line!['message'], 'a\nb');
  });

  it('leaves out what is below its level', async () => {
    const lines = await jsonLines(
      `for (const level of ['debug', 'info', 'warn', 'error']) { log[level](level); log.child({ a: 1 })[level](level); }`,
      { level: 'warn' },
    );
    assert.deepEqual(
      lines.map(({ message }) => message),
      ['warn', 'warn', 'error', 'error'],
    );
  });

  it('gives a child the fields of its parents, and the fields of the line precedence', async () => {
    const lines = await jsonLines(`
      const child = log.child({ a: 1, b: 1 }).child({ b: 2 });
      child.info('x', { c: 3 });
      child.info('x', { a: 9 });
      log.info('x');`);
    assert.deepEqual(
      lines.map(({ a, b, c }) => [a, b, c]),
      [
        [1, 2, 3],
        [9, 2, undefined],
        [undefined, undefined, undefined],
      ],
    );
  });

  it('writes text for people: time, level, message, fields', async () => {
    const { stderr } = await output(
      `log.child({ object: 'ns/a' }).warn('no luck', { error: 'a b', absent: undefined });`,
      {
        format: 'text',
      },
    );
    assert.match(stderr, /^\d\d:\d\d:\d\d\.\d{3} WARN  no luck  object="ns\/a" error="a b"\n$/);
  });

  for (const format of ['json', 'text'] as const) {
    it(`does not throw over values that have no JSON, in ${format}`, async () => {
      const { stderr } = await output(
        `const circle = {}; circle.self = circle; log.info('odd', { circle, big: 1n }); log.info('after');`,
        { format },
      );
      assert.match(stderr, /odd[^]*after/);
    });
  }

  it('does not let a field replace the message or the time', async () => {
    const [line] = await jsonLines(`log.info('said', { message: 'other', timestamp: 'never' });`);
    assert.equal(line!['message'], 'said');
    assert.notEqual(line!['timestamp'], 'never');
  });
});

describe('log files', () => {
  let dir: string;
  beforeEach(async () => (dir = await mkdtemp(join(tmpdir(), 'log-test-'))));
  afterEach(() => rm(dir, { recursive: true }));

  const periods: [rotateSeconds: number, name: RegExp][] = [
    [60, /^nacos-bridge-\d{4}-\d\d-\d\d-\d\d-\d\d\.log$/],
    [600, /^nacos-bridge-\d{4}-\d\d-\d\d-\d\d-[0-5]0\.log$/],
    [3600, /^nacos-bridge-\d{4}-\d\d-\d\d-\d\d(-00)?\.log$/],
    [7200, /^nacos-bridge-\d{4}-\d\d-\d\d-\d[02468](-00)?\.log$/],
    [43_200, /^nacos-bridge-\d{4}-\d\d-\d\d-(00|12)(-00)?\.log$/],
    [86_400, /^nacos-bridge-\d{4}-\d\d-\d\d\.log$/],
  ];
  for (const [rotateSeconds, name] of periods) {
    it(`have the beginning of their period in the name when it is ${rotateSeconds} s`, async () => {
      const { stderr } = await output(`log.info('to both');`, { dir, rotateSeconds });
      const files = await readdir(dir);
      const log = files.find((file) => file.endsWith('.log'));
      assert.match(String(log), name);
      assert.equal(await readFile(join(dir, log!), 'utf8'), stderr);
      assert.ok(
        files.some((file) => file.endsWith('-audit.json')),
        'without its record of files the library deletes none',
      );
    });
  }

  it('that cannot be written do not end the process, which says so on standard error', async () => {
    const day = new Date();
    const pad = (part: number) => String(part).padStart(2, '0');
    const name = `nacos-bridge-${day.getFullYear()}-${pad(day.getMonth() + 1)}-${pad(day.getDate())}.log`;
    await mkdir(join(dir, name));
    const { stderr } = await output(`log.info('one'); setTimeout(() => log.info('two'), 50);`, { dir });
    assert.match(stderr, /EISDIR/);
    assert.match(stderr, /"one"[^]*"two"/);
  });

  it('are continued by the next process', async () => {
    await output(`log.info('first');`, { dir });
    await output(`log.info('second');`, { dir });
    const [log] = (await readdir(dir)).filter((file) => file.endsWith('.log'));
    assert.match(await readFile(join(dir, log!), 'utf8'), /first[^]*second/);
  });
});

describe('fields of an error', () => {
  const cases: [title: string, error: unknown, fields: object][] = [
    [
      'code, message and cause',
      new BridgeError('TIMEOUT', 'late', { cause: new Error('why') }),
      { code: 'TIMEOUT', error: 'late', cause: 'why' },
    ],
    ['no code for another error', new Error('odd'), { code: undefined, error: 'odd', cause: undefined }],
    ['a thrown string', 'text', { code: undefined, error: 'text', cause: undefined }],
    ['nothing', undefined, { code: undefined, error: 'undefined', cause: undefined }],
  ];
  for (const [title, error, fields] of cases) {
    it(`are ${title}`, () => assert.deepEqual(errorFields(error), fields));
  }
});
