/**
 * What the default connection allows: the rules that the operator was given, and which namespaces they mean by the labels of
 * now. Namespaces are watched only where a rule selects by labels.
 */
import type { KubeObject } from '../kube/resource.ts';
import { Store } from '../kube/store.ts';
import { Allowance, selectByLabels, selectedBy, type AllowRule } from './allowance.ts';
import { titleOf } from './connection-directory.ts';
import { DEFAULT_CONNECTION } from './connection-key.ts';

export class DefaultAllowance {
  /** As metadata; empty unless they are needed. */
  readonly namespaces = new Store<KubeObject>();
  readonly #rules: readonly AllowRule[] | undefined;
  #revision = 0;

  /** `onChange` is told when the rules mean other namespaces than before. */
  constructor(rules: readonly AllowRule[] | undefined, onChange: () => void) {
    this.#rules = rules;
    this.namespaces.onChange(({ current, initial, previous }) => {
      const [before, after] = [previous, current].map((one) => one && selectedBy(rules ?? [], one.metadata.labels));
      if (initial || before === after) return;
      this.#revision += 1;
      onChange();
    });
  }

  get needsNamespaces(): boolean {
    return selectByLabels(this.#rules);
  }

  get current(): Allowance {
    return new Allowance({
      title: titleOf(DEFAULT_CONNECTION),
      rules: this.#rules,
      labelsOf: (namespace) => this.#labelsOf(namespace),
      revision: this.#revision,
    });
  }

  /** Undefined for a namespace that was not seen: it is selected by nothing. */
  #labelsOf(namespace: string): Readonly<Record<string, string>> | undefined {
    const found = this.namespaces.get(namespace);
    return found && (found.metadata.labels ?? {});
  }
}
