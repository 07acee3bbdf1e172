import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import type { LogEntry } from '../../../operator/logger.ts';
import type { Row } from '../../../sandbox/demonstration/observed/row.ts';
import { openScreen, type Output, type Screen } from '../../../sandbox/demonstration/terminal/screen.ts';
import { FakeClock } from '../../fake-clock.ts';

const side = (text: string) => ({ text, fingerprint: '1', changedAtMs: 0 });
const row = (object: string): Row => ({
  key: object,
  object,
  remote: 'g/a',
  kubernetes: side('InSync'),
  nacos: side('1 bytes'),
  isGone: false,
  lagMs: 7,
});
const failure: LogEntry = { level: 'error', message: 'it broke', fields: { object: 'demo/a', error: 'no\nanswer' } };

/** `written` is what it got since the last call. */
function open(terminal: { isTTY: boolean; columns?: number; rows?: number }): {
  screen: Screen;
  clock: FakeClock;
  written: () => string;
} {
  const clock = new FakeClock();
  const output = Object.assign(new PassThrough(), terminal) as Output & PassThrough;
  const written = () => stripVTControlCharacters(String(output.read() ?? ''));
  return { screen: openScreen(output, clock), clock, written };
}

describe('the screen of a sandbox', () => {
  describe('in a terminal', () => {
    it('draws the table anew after a change, at most ten times a second, and each second for the ages', async () => {
      const { screen, clock, written } = open({ isTTY: true, columns: 80, rows: 24 });
      const rows = [row('ncfg/a')];
      screen.show(() => rows);
      assert.match(written(), /^ncfg\/a +InSync +1 bytes at g\/a +0s +7 ms$/m);
      rows.push(row('ncfg/b'));
      screen.rowChanged(rows[0] as Row);
      screen.rowChanged(rows[0] as Row);
      assert.deepEqual([written(), clock.waitingMs], ['', [100]]);
      await clock.advance(100);
      assert.match(written(), /^ncfg\/b/m);
      await clock.advance(1000);
      assert.match(written(), / 1s +7 ms$/m);
      screen.close();
      assert.deepEqual(clock.waitingMs, []);
    });

    it('shows the last error of the operator in one line', async () => {
      const { screen, clock, written } = open({ isTTY: true, columns: 40, rows: 24 });
      screen.show(() => []);
      screen.operatorFailed(failure);
      await clock.advance(100);
      assert.match(written(), /^the operator says: it broke \(demo\/a: n…$/m);
      screen.close();
    });

    it('is not higher than the terminal', () => {
      const { screen, written } = open({ isTTY: true, columns: 80, rows: 10 });
      screen.show(() => Array.from({ length: 50 }, (_, index) => row(`ncfg/${index}`)));
      assert.ok(written().trimEnd().split('\n').length < 10);
      screen.close();
    });
  });

  describe('elsewhere', () => {
    it('prints a line for each object, for each change and for each error', () => {
      const { screen, written } = open({ isTTY: false });
      const changed = row('ncfg/a');
      screen.rowChanged(changed);
      assert.equal(written(), '');
      screen.show(() => [changed]);
      screen.rowChanged(changed);
      screen.operatorFailed(failure);
      const [first = '', second = '', third = ''] = written().split('\n');
      assert.match(first, / ncfg\/a {2}Kubernetes: InSync; Nacos: 1 bytes at g\/a \(lag 7 ms\)$/);
      assert.equal(second, first);
      assert.equal(third, 'the operator says: it broke (demo/a: no answer)');
      screen.close();
    });
  });
});
