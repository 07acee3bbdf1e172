import assert from 'node:assert/strict';
import { ROLLOUT_ANNOTATION } from '../../../operator/api/names.ts';
import type { NacosConfig } from '../../../operator/api/resources.ts';
import type { ConfigFormat } from '../../../operator/config-sync/formats/format.ts';
import { CONFIG_MAP } from '../../../operator/config-sync/mirror/data-object.ts';
import { Mirrors } from '../../../operator/config-sync/mirror/mirrors.ts';
import { compileMirror } from '../../../operator/config-sync/mirror/mirror-target.ts';
import type { RolloutIntent } from '../../../operator/config-sync/intent.ts';
import { rolledOutAnnotation } from '../../../operator/config-sync/rollout/rollout-plan.ts';
import { restartedEvent } from '../../../operator/config-sync/rollout/rollout-report.ts';
import type { RolloutResult } from '../../../operator/config-sync/rollout/restarts.ts';
import { Rollouts } from '../../../operator/config-sync/rollout/rollouts.ts';
import { workloadTypes, type WorkloadKind } from '../../../operator/config-sync/rollout/workload-kinds.ts';
import { workloadClients, type WorkloadClients } from '../../../operator/config-sync/rollout/workloads.ts';
import { BridgeError } from '../../../operator/errors.ts';
import { silentLogger } from '../../../operator/logger.ts';
import { FakeClock } from '../../fake-clock.ts';
import { MirrorCluster, NAMESPACE, present, served } from '../mirror/mirror-cluster.ts';
import { cronJobDefinition, rolloutDefinition } from '../../scenarios/optional-kinds.ts';

const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';

const validation = { syntax: true };
const words = { content: 'what is mirrored', object: 'a mirror', md5: 'abc' };

describe('rollouts', () => {
  const clock = new FakeClock();
  let cluster: MirrorCluster;
  let clients: WorkloadClients;
  let outcomes: string[];
  let mirrors: Mirrors;
  let rollouts: Rollouts;

  before(async function () {
    cluster = await MirrorCluster.start(clock);
    clients = workloadClients(cluster.kube);
  });

  after(() => cluster.stop());

  beforeEach(async () => {
    await clock.advance(600_000);
    restartOperator();
  });

  function restartOperator(others: Partial<WorkloadClients> = {}): void {
    outcomes = [];
    mirrors = new Mirrors({
      access: cluster.access,
      users: cluster.users,
      configClient: cluster.configClient,
      clock,
      onNews: () => {},
    });
    const onRollout = (kind: WorkloadKind, result: string) => void outcomes.push(`${kind} ${result}`);
    rollouts = new Rollouts({ clients: { ...clients, ...others }, clock, onRollout });
  }

  async function newWorkload(
    kind: WorkloadKind,
    name: string,
    configMap: string,
    { annotations, paused }: { annotations?: Record<string, string>; paused?: boolean } = {},
  ): Promise<void> {
    const labels = { app: name };
    const container = { name: 'c', image: 'i', envFrom: [{ configMapRef: { name: configMap } }] };
    const template = { metadata: { labels }, spec: { containers: [container] } };
    const spec = {
      ...(kind === 'CronJob'
        ? { schedule: '0 3 * * *', jobTemplate: { spec: { template } } }
        : kind === 'Rollout'
          ? { template, paused }
          : { selector: { matchLabels: labels }, template, paused }),
      ...(kind === 'StatefulSet' ? { serviceName: name } : {}),
    };
    await cluster.create(workloadTypes[kind].ref, { metadata: { name, annotations }, spec });
  }

  async function restartedAt(kind: WorkloadKind, name: string): Promise<string | undefined> {
    const workload = (await clients[kind].get(name, NAMESPACE)) as unknown as {
      spec: { template: { metadata: { annotations?: Record<string, string> } } };
    };
    return workload.spec.template.metadata.annotations?.[RESTARTED_AT];
  }

  /** Mirrors `content`, and rolls it out as far as it is time. */
  async function sync(
    resource: NacosConfig,
    content: string,
    rollout: RolloutIntent,
    format: ConfigFormat = 'text',
  ): Promise<RolloutResult> {
    await cluster.observe();
    const target = compileMirror(resource.spec.mirror, 'app')!;
    const key = resource.metadata.name;
    const { mirror } = await mirrors.sync(key, {
      resource,
      target,
      served: served(present(content)),
      format,
      validation,
    });
    const { md5 = '' } = mirror!;
    return rollouts.sync(key, { resource, rollout, mirror: { ...mirror!, md5 }, log: silentLogger });
  }

  const named = (...names: string[]): RolloutIntent => ({
    workloads: names.map((name) => ({ kind: 'Deployment', name })),
    debounceSeconds: 5,
  });
  const auto: RolloutIntent = { workloads: 'auto', debounceSeconds: 5 };

  it('restart a workload once for a burst of changes, after nothing has changed for the debounce time', async () => {
    const config = await cluster.newConfig({ mirror: { configMap: { name: 'burst' } } });
    await newWorkload('Deployment', 'burst', 'burst');
    assert.equal((await sync(config, 'v0', named('burst'))).verdict.status, 'True');
    for (let edit = 1; edit <= 20; edit++) {
      await clock.advance(3000);
      const { verdict, requeueAfterMs } = await sync(config, `v${edit}`, named('burst'));
      assert.deepEqual([verdict.status, verdict.reason, requeueAfterMs], ['Unknown', 'Waiting', 5000]);
    }
    await clock.advance(4000);
    assert.equal((await sync(config, 'v20', named('burst'))).requeueAfterMs, 1000);
    assert.equal(await restartedAt('Deployment', 'burst'), undefined);
    await clock.advance(1000);
    const { verdict, restarted } = await sync(config, 'v20', named('burst'));
    assert.equal(verdict.status, 'True');
    assert.deepEqual(restarted, [{ kind: 'Deployment', name: 'burst' }]);
    assert.equal(await restartedAt('Deployment', 'burst'), new Date(clock.now()).toISOString().replace('.000Z', 'Z'));
    assert.deepEqual(outcomes, ['Deployment restarted']);
  });

  it('restart nothing because the operator restarts, and read the workloads once', async () => {
    const config = await cluster.newConfig({ mirror: { configMap: { name: 'calm' } } });
    await newWorkload('Deployment', 'calm', 'calm');
    await sync(config, 'v1', named('calm'));
    await clock.advance(2000);
    await sync(config, 'v2', named('calm'));
    await clock.advance(5000);
    await sync(config, 'v2', named('calm'));
    const before = await restartedAt('Deployment', 'calm');
    assert.ok(before);
    restartOperator();
    await clock.advance(60_000);
    assert.deepEqual((await sync(config, 'v2', named('calm'))).restarted, []);
    const requests = await cluster.requests();
    const writes = Object.keys(requests)
      .filter((name) => name.startsWith('PATCH'))
      .map((name) => requests[name]);
    restartOperator();
    await sync(config, 'v2', named('calm'));
    const after = await cluster.requests();
    assert.deepEqual(
      Object.keys(after)
        .filter((name) => name.startsWith('PATCH'))
        .map((name) => after[name]),
      writes,
    );
    assert.equal(await restartedAt('Deployment', 'calm'), before);
  });

  it('make up for a change that came while the operator was down', async () => {
    const config = await cluster.newConfig({ mirror: { configMap: { name: 'missed' } } });
    await newWorkload('Deployment', 'missed', 'missed');
    await sync(config, 'v1', named('missed'));
    await clock.advance(60_000);
    restartOperator();
    await sync(config, 'v2', named('missed'));
    // And again before it was time.
    restartOperator();
    await clock.advance(5000);
    assert.equal((await sync(config, 'v2', named('missed'))).restarted.length, 1);
  });

  it('restart what was there before the change and was never looked at', async () => {
    const config = await cluster.newConfig({ mirror: { configMap: { name: 'unseen' } } });
    await sync(config, 'v1', auto);
    await newWorkload('Deployment', 'unseen', 'unseen');
    await clock.advance(2000);
    await sync(config, 'v2', auto);
    await clock.advance(5000);
    await newWorkload('Deployment', 'newest', 'unseen');
    const { restarted } = await sync(config, 'v2', auto);
    assert.deepEqual(restarted, [{ kind: 'Deployment', name: 'unseen' }]);
    assert.equal(await restartedAt('Deployment', 'newest'), undefined);
  });

  it('find by themselves the workloads of each kind that use the mirror', async () => {
    const config = await cluster.newConfig({ mirror: { configMap: { name: 'auto' } } });
    for (const kind of ['Deployment', 'StatefulSet', 'DaemonSet'] as const) await newWorkload(kind, 'auto', 'auto');
    await newWorkload('Deployment', 'stranger', 'other');
    await sync(config, 'v1', auto);
    await clock.advance(2000);
    await sync(config, 'v2', auto);
    await clock.advance(5000);
    const { restarted } = await sync(config, 'v2', auto);
    assert.deepEqual(restarted.map(({ kind, name }) => `${kind}/${name}`).sort(), [
      'DaemonSet/auto',
      'Deployment/auto',
      'StatefulSet/auto',
    ]);
    assert.equal(await restartedAt('Deployment', 'stranger'), undefined);
  });

  it('go on with the others when one workload is missing or cannot be written', async () => {
    const forbidden = new BridgeError('KUBE_FORBIDDEN', 'patch deployments.apps: forbidden');
    const config = await cluster.newConfig({ mirror: { configMap: { name: 'partly' } } });
    for (const name of ['partly-a', 'partly-b']) await newWorkload('Deployment', name, 'partly');
    await sync(config, 'v1', named('partly-a', 'partly-b'));
    await clock.advance(2000);
    const { Deployment } = clients;
    const refusing = Object.assign(Object.create(Deployment) as typeof Deployment, {
      get: Deployment.get.bind(Deployment),
      mergePatch: async (name: string, namespace: string, patch: unknown) => {
        if (name === 'partly-a') throw forbidden;
        return Deployment.mergePatch(name, namespace, patch);
      },
    });
    restartOperator({ Deployment: refusing });
    await sync(config, 'v2', named('gone', 'partly-a', 'partly-b'));
    await clock.advance(5000);
    const { verdict, restarted, requeueAfterMs } = await sync(config, 'v2', named('gone', 'partly-a', 'partly-b'));
    assert.deepEqual([verdict.status, verdict.reason, requeueAfterMs], ['False', 'ReferenceMissing', 1000]);
    assert.match(
      verdict.message,
      /^Deployment 'gone' does not exist; patch deployments.apps: forbidden; `rollout.enabled`/,
    );
    assert.deepEqual(
      restarted.map(({ name }) => name),
      ['partly-b'],
    );
    assert.deepEqual(outcomes, ['Deployment failed', 'Deployment restarted']);
    const first = await restartedAt('Deployment', 'partly-b');
    restartOperator();
    const again = await sync(config, 'v2', named('partly-a', 'partly-b'));
    assert.deepEqual(
      again.restarted.map(({ name }) => name),
      ['partly-a'],
    );
    assert.equal(await restartedAt('Deployment', 'partly-b'), first);
  });

  for (const { title, mirror, changed } of [
    {
      title: 'under another key',
      mirror: { configMap: { name: 'form-key', key: 'one' } },
      changed: { configMap: { name: 'form-key', key: 'two' } },
    },
    {
      title: 'taken apart into entries',
      mirror: { configMap: { name: 'form-env', key: 'file' }, format: 'File' },
      changed: { configMap: { name: 'form-env' }, format: 'Env' },
    },
  ] as const) {
    it(`restart a workload when the same content is mirrored ${title}, and only once`, async () => {
      const { name } = mirror.configMap;
      const config = await cluster.newConfig({ dataId: 'app.properties', mirror });
      await newWorkload('Deployment', name, name);
      await sync(config, 'v=1', named(name), 'properties');
      const spec = { ...config.spec, mirror: { immutable: false, format: 'File' as const, ...changed } };
      const otherwise = { ...config, spec };
      await clock.advance(2000);
      await sync(otherwise, 'v=1', named(name), 'properties');
      await clock.advance(5000);
      const { restarted } = await sync(otherwise, 'v=1', named(name), 'properties');
      assert.deepEqual(restarted, [{ kind: 'Deployment', name }]);
      restartOperator();
      assert.deepEqual((await sync(otherwise, 'v=1', named(name), 'properties')).restarted, []);
    });
  }

  it('restart nothing that a former version has restarted for the same content', async () => {
    const config = await cluster.newConfig({ mirror: { configMap: { name: 'upgraded' } } });
    const annotation = rolledOutAnnotation(config.metadata.name);
    const { md5 } = present('v1').snapshot;
    await sync(config, 'v0', named());
    await newWorkload('Deployment', 'upgraded', 'upgraded', { annotations: { [annotation]: md5 } });
    await clock.advance(2000);
    await sync(config, 'v1', named('upgraded'));
    await clock.advance(5000);
    assert.deepEqual((await sync(config, 'v1', named('upgraded'))).restarted, []);
    const { metadata } = (await clients.Deployment.get('upgraded', NAMESPACE))!;
    assert.equal(metadata.annotations?.[annotation], `${md5} app`);
  });

  describe('of a Secret', () => {
    const noted = async (config: NacosConfig, name: string) => {
      const { metadata } = (await clients.Deployment.get(name, NAMESPACE))!;
      return metadata.annotations?.[rolledOutAnnotation(config.metadata.name)] ?? '';
    };

    it('note no digest that tells of its content, and restart nothing for what a former version has noted', async () => {
      const config = await cluster.newConfig({ mirror: { secret: { name: 'hidden' } } });
      const annotation = rolledOutAnnotation(config.metadata.name);
      const { md5 } = present('v1').snapshot;
      await sync(config, 'v0', named());
      const names = ['hidden-first', 'hidden-second'];
      for (const [index, value] of [md5, `${md5} app`].entries()) {
        await newWorkload('Deployment', names[index]!, 'hidden', { annotations: { [annotation]: value } });
      }
      await clock.advance(2000);
      await sync(config, 'v1', named(...names));
      await clock.advance(5000);
      assert.deepEqual((await sync(config, 'v1', named(...names))).restarted, []);
      for (const name of names) {
        assert.match(await noted(config, name), /^[0-9a-f]{64} app$/);
        assert.doesNotMatch(await noted(config, name), new RegExp(md5));
      }
      restartOperator();
      assert.deepEqual((await sync(config, 'v1', named(...names))).restarted, []);
      await clock.advance(2000);
      await sync(config, 'v2', named(...names));
      await clock.advance(5000);
      assert.equal((await sync(config, 'v2', named(...names))).restarted.length, 2);
    });

    it('restart nothing for one that was deleted and is there again with the same content', async () => {
      const config = await cluster.newConfig({ mirror: { secret: { name: 'again' } } });
      await newWorkload('Deployment', 'again', 'again');
      await sync(config, 'v1', named('again'));
      const before = await noted(config, 'again');
      await cluster.clients.Secret.delete('again', NAMESPACE);
      assert.deepEqual((await sync(config, 'v1', named('again'))).restarted, []);
      assert.notEqual(await noted(config, 'again'), before);
      restartOperator();
      assert.deepEqual((await sync(config, 'v1', named('again'))).restarted, []);
    });
  });

  it('wait for a Deployment that is paused, and restart it once it is resumed', async () => {
    const config = await cluster.newConfig({ mirror: { configMap: { name: 'paused' } } });
    await newWorkload('Deployment', 'paused', 'paused', { paused: true });
    await newWorkload('Deployment', 'running', 'paused');
    await sync(config, 'v1', auto);
    await clock.advance(2000);
    await sync(config, 'v2', auto);
    await clock.advance(5000);
    const { verdict, restarted, requeueAfterMs } = await sync(config, 'v2', auto);
    assert.deepEqual([verdict.status, verdict.reason, requeueAfterMs], ['False', 'Paused', 1000]);
    assert.match(verdict.message, /^Paused, and restarted once resumed: Deployment 'paused'$/);
    assert.deepEqual(restarted, [{ kind: 'Deployment', name: 'running' }]);
    assert.equal(await restartedAt('Deployment', 'paused'), undefined);
    await cluster.edit(workloadTypes.Deployment.ref, 'paused', { spec: { paused: false } });
    const resumed = await sync(config, 'v2', auto);
    assert.deepEqual(resumed.restarted, [{ kind: 'Deployment', name: 'paused' }]);
    assert.equal(resumed.verdict.status, 'True');
  });

  it('leave a workload alone whose owner wants no restarts, until it wants them again', async () => {
    const config = await cluster.newConfig({ mirror: { configMap: { name: 'alone' } } });
    await newWorkload('Deployment', 'alone', 'alone', { annotations: { [ROLLOUT_ANNOTATION]: 'disabled' } });
    await sync(config, 'v1', auto);
    await clock.advance(2000);
    await sync(config, 'v2', auto);
    await clock.advance(5000);
    const { verdict, restarted } = await sync(config, 'v2', auto);
    assert.deepEqual([verdict.status, restarted], ['True', []]);
    assert.match(verdict.message, /^Left alone, as their annotation bridge.nacos.io\/rollout asks: Deployment 'alone'/);
    const { metadata } = (await clients.Deployment.get('alone', NAMESPACE))!;
    assert.equal(metadata.annotations?.[rolledOutAnnotation(config.metadata.name)], undefined);
    assert.equal(await restartedAt('Deployment', 'alone'), undefined);
    await cluster.edit(workloadTypes.Deployment.ref, 'alone', {
      metadata: { annotations: { [ROLLOUT_ANNOTATION]: null } },
    });
    assert.equal((await sync(config, 'v2', auto)).restarted.length, 1);
  });

  it('claim nothing of workloads that they have not found', async () => {
    const config = await cluster.newConfig({ mirror: { configMap: { name: 'unused' } } });
    const { verdict } = await sync(config, 'v1', auto);
    assert.match(verdict.message, /^No workload was found that uses ConfigMap 'unused' \(md5 /);
  });

  describe('of kinds that not every cluster has', () => {
    it('name those that are asked for and cannot be there', async () => {
      const config = await cluster.newConfig({ mirror: { configMap: { name: 'nowhere' } } });
      const workloads = [{ kind: 'Rollout', name: 'nowhere' } as const];
      const { verdict } = await sync(config, 'v1', { workloads, debounceSeconds: 0 });
      assert.deepEqual([verdict.reason, verdict.message], ['ReferenceMissing', "Rollout 'nowhere' does not exist"]);
    });

    it('restart a Rollout as its own kubectl plugin does, and start or end no Job of a CronJob', async () => {
      for (const definition of [cronJobDefinition, rolloutDefinition]) cluster.install(definition);
      const config = await cluster.newConfig({ mirror: { configMap: { name: 'optional' } } });
      await newWorkload('CronJob', 'nightly', 'optional');
      await newWorkload('Rollout', 'canary', 'optional', { paused: true });
      await sync(config, 'v1', auto);
      await clock.advance(2000);
      await sync(config, 'v2', auto);
      await clock.advance(5000);
      const { restarted, verdict } = await sync(config, 'v2', auto);
      assert.deepEqual(restarted, [
        { kind: 'CronJob', name: 'nightly' },
        { kind: 'Rollout', name: 'canary' },
      ]);
      assert.equal(verdict.status, 'True');
      const note = restartedEvent(restarted, words).note;
      assert.match(
        note,
        /^Restarted Rollout 'canary'; From its next Job on CronJob 'nightly' has the new content, since/,
      );
      const annotation = rolledOutAnnotation(config.metadata.name);
      const value = `${present('v2').snapshot.md5} app`;
      const canary = (await clients.Rollout.get('canary', NAMESPACE))! as { spec?: { restartAt?: string } };
      assert.equal(canary.spec?.restartAt, new Date(clock.now()).toISOString().replace('.000Z', 'Z'));
      const nightly = (await clients.CronJob.get('nightly', NAMESPACE))! as unknown as {
        metadata: { annotations: object };
        spec: { jobTemplate: { spec: { template: { metadata: { annotations: object } } } } };
      };
      const { template } = nightly.spec.jobTemplate.spec;
      assert.deepEqual(template.metadata.annotations, { [annotation]: value });
      assert.deepEqual(nightly.metadata.annotations, { [annotation]: value });
    });
  });

  it('restart nothing for a mirror that was only put right', async () => {
    const config = await cluster.newConfig({ mirror: { configMap: { name: 'right' } } });
    await newWorkload('Deployment', 'right', 'right');
    await sync(config, 'v1', named('right'));
    await clock.advance(2000);
    await cluster.edit(CONFIG_MAP, 'right', { data: { app: 'mine' } });
    restartOperator();
    assert.deepEqual((await sync(config, 'v1', named('right'))).restarted, []);
  });

  it('name at most ten workloads in one note', () => {
    const many = Array.from({ length: 12 }, (_, index) => ({ kind: 'Deployment' as const, name: `d${index}` }));
    assert.match(restartedEvent(many, words).note, /^Restarted Deployment 'd0', .*'d9' and 2 more, since/);
  });
});
