/**
 * A command of a person at a terminal, and what a cluster answers.
 */
export interface Step {
  /** Ends the sentence "kubectl ..." of the test's title. */
  readonly title: string;
  /** What follows `kubectl`, as a shell would read it; words with blanks are in single quotes. */
  readonly run: string;
  /** Standard input, for `-f -`. */
  readonly input?: string;
  /** Whose uid stands in the place of `UID` in the input. */
  readonly uidOf?: string;
  /** A sed script that plays the editor of `kubectl edit`. */
  readonly editor?: string;
  /** The exit code. @default 0 */
  readonly code?: number;
  /** What must be in the output, on either stream, blanks run together and changing values named as normalise() does. */
  readonly shows?: readonly (string | RegExp)[];
  /** What must not be there. */
  readonly hides?: readonly string[];
  /**
   * `whole`: both clusters print the same, but for the words of a failure. `shown`: they print other things besides, such as
   * resources that only a real cluster has. @default whole
   */
  readonly compare?: 'whole' | 'shown';
  /** What the embedded cluster says of what it leaves out, so nothing that a real one would answer. @default both */
  readonly only?: 'embedded';
  /** Commands for while it runs; they begin when it has opened its watch. */
  readonly meanwhile?: readonly string[];
  /** For a command that runs on: ends it as soon as its output has all of `shows`. */
  readonly endless?: boolean;
}

/** Steps that build on each other, in a namespace of their own. */
export interface Chapter {
  readonly title: string;
  readonly namespace: string;
  readonly steps: readonly Step[];
}
