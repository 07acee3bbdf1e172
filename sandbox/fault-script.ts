/**
 * What an embedded server shall do wrong, and when: rules that a test adds and takes away while the server runs.
 *
 * A rule names the operations it strikes. An operation is one line of text: for Kubernetes `VERB RESOURCE`, such as
 * `patch nacosconfigs/status` or `watch configmaps`; for Nacos the type of a gRPC request, such as `ConfigPublishRequest`,
 * or method and path of an HTTP request, such as `POST /v3/auth/user/login`. `*` stands for any text.
 *
 * Guarantees: the first rule that fits decides, and a rule with `times` ends after that many strikes.
 */
export type Fault =
  /** The connection is reset before anything is done. */
  | { readonly kind: 'reset' }
  /** The request is carried out, and the connection reset instead of the answer. */
  | { readonly kind: 'lost-answer' }
  /** Over gRPC: the request is carried out and never answered, and the connection stays. */
  | { readonly kind: 'unanswered' }
  /** Nothing is done and nothing is answered; a stream that is open already says nothing more. */
  | { readonly kind: 'silence' }
  /** The request is carried out after this time. */
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** The first half of the bytes of the true answer, then a reset. */
  | { readonly kind: 'half-answer' }
  /** Nothing is done; the answer is this status, with Retry-After where it is given. Over gRPC it is the resultCode. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly retryAfterSeconds?: number;
      /** @default that a fault was injected */
      readonly message?: string;
    }
  /** A read answers what was there before the last write (the cache of Nacos, a lagging API server). */
  | { readonly kind: 'stale' }
  /** Over gRPC: the read of a config that exists answers this, as its beta version. */
  | { readonly kind: 'beta'; readonly content: string };

export interface FaultRule {
  /** Which operations it strikes, with `*` for any text. */
  readonly on: string;
  readonly fault: Fault;
  /** How often it strikes. @default until it is removed */
  readonly times?: number;
}

interface ActiveRule {
  readonly pattern: RegExp;
  readonly fault: Fault;
  left: number;
}

export class FaultScript {
  #rules: ActiveRule[] = [];
  #strikes = 0;

  constructor(rules: readonly FaultRule[] = []) {
    for (const rule of rules) this.add(rule);
  }

  /** How many operations were struck so far. */
  get strikes(): number {
    return this.#strikes;
  }

  /** Returns what removes the rule again. */
  add({ on, fault, times = Infinity }: FaultRule): () => void {
    const rule = { pattern: patternOf(on), fault, left: times };
    this.#rules.push(rule);
    return () => {
      this.#rules = this.#rules.filter((other) => other !== rule);
    };
  }

  clear(): void {
    this.#rules = [];
  }

  /** The fault that strikes this operation now, which uses up one strike of its rule. */
  strike(operation: string): Fault | undefined {
    const rule = this.#rules.find(({ pattern }) => pattern.test(operation));
    if (!rule) return undefined;
    this.#strikes += 1;
    rule.left -= 1;
    if (rule.left <= 0) this.#rules = this.#rules.filter((other) => other !== rule);
    return rule.fault;
  }
}

function patternOf(on: string): RegExp {
  const parts = on.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`);
}
