import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAuditLog } from './audit.ts';

describe('the audit log', () => {
  it('is read as one event a request, the latest stage, without a line that is half written', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'testbed-audit-'));
    const file = join(dir, 'audit.log');
    const lines = [
      '{"auditID":"1","stage":"ResponseStarted","verb":"watch"}',
      '{"auditID":"2","stage":"ResponseComplete","verb":"create"}',
      '{"auditID":"1","stage":"ResponseComplete","verb":"watch"}',
      '{"auditID":"3","sta',
    ];
    await writeFile(file, lines.join('\n'));
    const events = await readAuditLog(file);
    await rm(dir, { recursive: true });
    assert.deepEqual(
      events.map(({ auditID, stage, verb }) => [auditID, stage, verb]),
      [
        ['1', 'ResponseComplete', 'watch'],
        ['2', 'ResponseComplete', 'create'],
      ],
    );
  });
});
