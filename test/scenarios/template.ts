/**
 * Fills the variables of a scenario in: `${name}` in any string of its data.
 *
 *   ${ns}               the Kubernetes namespace of the scenario, unique to the run
 *   ${nacos.host}, ${nacos.port}, ${nacos.grpcPort}, ${nacos.username}, ${nacos.password}
 *   ${closedPort}       a port of nacos.host on which nothing listens
 *   ${fill:N}           N bytes of text without structure
 *   ${letters:N}        N letters
 *
 * A string that is one variable and nothing else takes the variable's type, so ports are numbers. Map keys are left as
 * they are. An unknown variable is an error.
 */
export type Variables = Readonly<Record<string, string | number>>;

export function fillIn(data: unknown, variables: Variables): unknown {
  if (typeof data === 'string') return fillText(data, variables);
  if (Array.isArray(data)) return data.map((item) => fillIn(item, variables));
  if (typeof data !== 'object' || data === null) return data;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, fillIn(value, variables)]));
}

function fillText(text: string, variables: Variables): string | number {
  const whole = /^\$\{([^}]*)\}$/.exec(text);
  if (whole) return valueOf(whole[1] ?? '', variables);
  return text.replaceAll(/\$\{([^}]*)\}/g, (_, name: string) => String(valueOf(name, variables)));
}

function valueOf(name: string, variables: Variables): string | number {
  const fill = /^fill:(\d+)$/.exec(name);
  if (fill) return filler(Number(fill[1]));
  const letters = /^letters:(\d+)$/.exec(name);
  if (letters) return 'x'.repeat(Number(letters[1]));
  const value = variables[name];
  if (value === undefined) throw new Error(`there is no variable "${name}"`);
  return value;
}

/** Lines of a running number, cut to length: no two parts of it are equal, so a lost or repeated block shows. */
function filler(bytes: number): string {
  const lines: string[] = [];
  for (let length = 0; length < bytes; length += 64) lines.push(`${String(length).padStart(62, '.')} \n`);
  return lines.join('').slice(0, bytes);
}
