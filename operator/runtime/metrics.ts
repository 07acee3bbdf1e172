/**
 * controller-runtime's metrics under its own names, so that dashboards and alerts made for other operators work.
 *
 * Every label set is there with zero from the start: a rate over a series that appears with its first error would miss
 * that error. Depth and ages of queues are read when they are scraped. One instance per process and registry.
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** What a reconcile came to; `requeue` is controller-runtime's fourth and stays zero here. */
export type ReconcileResult = 'success' | 'error' | 'requeue' | 'requeue_after';

export interface ControllerMetrics {
  /** Returns the function to call when the run has ended. */
  started(): (result: ReconcileResult, durationMs: number) => void;
  failedForGood(): void;
  /** An exception that nobody expected: a defect of ours. */
  panicked(): void;
  timedOut(): void;
}

export interface WorkQueueMetrics {
  added(): void;
  retried(): void;
  /** A key was handed out after it had waited `waitedMs`. */
  taken(waitedMs: number): void;
  worked(workedMs: number): void;
}

/** What is asked of a queue at scrape time. */
interface QueueState {
  readonly size: number;
  readonly unfinishedWorkMs: number;
  readonly longestRunningMs: number;
}

export interface RuntimeMetrics {
  forController(controller: string, concurrency: number): ControllerMetrics;
  forWorkQueue(name: string, queue: QueueState): WorkQueueMetrics;
  /** Returns the setter of the master status of the lease `name`. */
  forLeaderElection(name: string): (isLeader: boolean) => void;
}

const reconcileBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const queueBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Throws when `registry` has these metrics already. */
export function createRuntimeMetrics(registry: Registry): RuntimeMetrics {
  const registers = [registry];
  const controllers = controllerMetrics(registers);
  const queues = workQueueMetrics(registers);
  const masterStatus = new Gauge({
    name: 'leader_election_master_status',
    help: 'Whether this process leads the election: 1 if it does, 0 if it is on standby.',
    labelNames: ['name'],
    registers,
  });
  return {
    forController: controllers,
    forWorkQueue: queues,
    forLeaderElection(name) {
      const status = masterStatus.labels({ name });
      status.set(0);
      return (isLeader) => status.set(isLeader ? 1 : 0);
    },
  };
}

function controllerMetrics(registers: Registry[]): RuntimeMetrics['forController'] {
  const counter = (name: string, help: string) => new Counter({ name, help, labelNames: ['controller'], registers });
  const total = new Counter({
    name: 'controller_runtime_reconcile_total',
    help: 'Reconciles by controller and result.',
    labelNames: ['controller', 'result'],
    registers,
  });
  const errors = counter('controller_runtime_reconcile_errors_total', 'Reconciles that failed.');
  const terminal = counter(
    'controller_runtime_terminal_reconcile_errors_total',
    'Reconciles that failed and are not retried before something changes.',
  );
  const panics = counter(
    'controller_runtime_reconcile_panics_total',
    'Reconciles that failed with an exception nobody expected.',
  );
  const timeouts = counter('controller_runtime_reconcile_timeouts_total', 'Reconciles that exceeded their time limit.');
  const time = new Histogram({
    name: 'controller_runtime_reconcile_time_seconds',
    help: 'Duration of a reconcile.',
    labelNames: ['controller'],
    buckets: reconcileBuckets,
    registers,
  });
  const limit = new Gauge({
    name: 'controller_runtime_max_concurrent_reconciles',
    help: 'Reconciles that may run at once.',
    labelNames: ['controller'],
    registers,
  });
  const active = new Gauge({
    name: 'controller_runtime_active_workers',
    help: 'Reconciles that run now.',
    labelNames: ['controller'],
    registers,
  });

  return (controller, concurrency) => {
    const results: ReconcileResult[] = ['success', 'error', 'requeue', 'requeue_after'];
    for (const result of results) total.inc({ controller, result }, 0);
    for (const one of [errors, terminal, panics, timeouts]) one.inc({ controller }, 0);
    time.zero({ controller });
    limit.set({ controller }, concurrency);
    active.set({ controller }, 0);
    return {
      started() {
        active.inc({ controller });
        return (result, durationMs) => {
          time.observe({ controller }, durationMs / 1000);
          active.dec({ controller });
          total.inc({ controller, result });
          if (result === 'error') errors.inc({ controller });
        };
      },
      failedForGood: () => terminal.inc({ controller }),
      panicked: () => panics.inc({ controller }),
      timedOut: () => timeouts.inc({ controller }),
    };
  };
}

function workQueueMetrics(registers: Registry[]): RuntimeMetrics['forWorkQueue'] {
  const labelNames = ['name', 'controller'] as const;
  const queues = new Map<string, QueueState>();
  const gauge = (name: string, help: string, value: (queue: QueueState) => number) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        for (const [queueName, queue] of queues) {
          this.set({ name: queueName, controller: queueName }, value(queue));
        }
      },
    });
  const histogram = (name: string, help: string) =>
    new Histogram({ name, help, labelNames, buckets: queueBuckets, registers });

  gauge('workqueue_depth', 'Keys that wait for a worker.', (queue) => queue.size);
  gauge(
    'workqueue_unfinished_work_seconds',
    'Sum of the ages of all keys in process.',
    (queue) => queue.unfinishedWorkMs / 1000,
  );
  gauge(
    'workqueue_longest_running_processor_seconds',
    'Age of the key that is longest in process.',
    (queue) => queue.longestRunningMs / 1000,
  );
  const adds = new Counter({ name: 'workqueue_adds_total', help: 'Keys added.', labelNames, registers });
  const retries = new Counter({ name: 'workqueue_retries_total', help: 'Keys added again.', labelNames, registers });
  const waited = histogram('workqueue_queue_duration_seconds', 'How long a key waited for a worker.');
  const worked = histogram('workqueue_work_duration_seconds', 'How long a key was in process.');

  return (name, queue) => {
    const labels = { name, controller: name };
    queues.set(name, queue);
    adds.inc(labels, 0);
    retries.inc(labels, 0);
    waited.zero(labels);
    worked.zero(labels);
    return {
      added: () => adds.inc(labels),
      retried: () => retries.inc(labels),
      taken: (waitedMs) => waited.observe(labels, waitedMs / 1000),
      worked: (workedMs) => worked.observe(labels, workedMs / 1000),
    };
  };
}
