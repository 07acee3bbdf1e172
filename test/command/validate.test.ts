import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { runValidate } from '../../operator/command/validate.ts';
import { isBridgeError } from '../../operator/errors.ts';
import type { ValidateOptions } from '../../operator/options/manifest-options.ts';
import { commandLine } from './command-line.ts';

const SECRET = 'sEcReT-marker';

/** Standard input, in the place of a file, is `(standard input)`. */
async function validate(input: string, files: readonly string[] = ['-'], more: Partial<ValidateOptions> = {}) {
  const written = { output: '', errors: '' };
  const into = (key: keyof typeof written) =>
    new Writable({
      write(chunk, _encoding, done) {
        written[key] += String(chunk);
        done();
      },
    });
  const streams = { input: Readable.from([input]), output: into('output'), errors: into('errors') };
  const code = await runValidate({ files, namespace: 'default', output: 'text', strict: false, ...more }, streams);
  const lines = written.output.trimEnd().split('\n');
  return { code, problems: lines.slice(0, -1), summary: lines.at(-1) ?? '', ...written };
}

function config(spec: string, name = 'app.yaml'): string {
  return `apiVersion: bridge.nacos.io/v1alpha1\nkind: NacosConfig\nmetadata: { name: ${name} }\nspec:\n${spec}\n`;
}

function sync(spec: string): string {
  return `apiVersion: bridge.nacos.io/v1alpha1\nkind: NacosConfigSync\nmetadata: { name: all }\nspec: ${spec}\n`;
}

function labelled(name: string, data: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, labels: { a: b } }\ndata: { ${data} }\n`;
}

function connection(name: string, auth?: string, more = ''): string {
  const spec = `{ servers: [{ host: nacos }]${auth === undefined ? '' : `, auth: ${auth}`}${more} }`;
  return `apiVersion: bridge.nacos.io/v1alpha1\nkind: NacosConnection\nmetadata: { name: ${name} }\nspec: ${spec}\n`;
}

const configMap = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: texts }\ndata:\n  a.json: |\n';

const merging = (name: string, key: string): string =>
  config(`  mirror: { mode: Merge, configMap: { name: texts, key: ${key} } }\n  source: Nacos`, name);

interface Case {
  what: string;
  manifests: string;
  /** The problems as they begin, after the file. */
  problems: RegExp[];
}

const cases: Case[] = [
  { what: 'nothing wrong', manifests: config('  content: "a: 1"'), problems: [] },
  { what: 'documents of comments alone', manifests: `# only\n---\n${config('  content: "a: 1"')}---\n`, problems: [] },
  {
    what: 'a field that there is not',
    manifests: config('  grup: shop\n  content: "a: 1"'),
    problems: [/^5:9 NacosConfig\/app.yaml spec\.grup: there is no such field$/],
  },
  {
    what: 'a value of the wrong type',
    manifests: config('  suspend: perhaps\n  content: "a: 1"'),
    problems: [/^5:12 NacosConfig\/app.yaml spec\.suspend: .*must be of type boolean/],
  },
  {
    what: 'a rule of the CRD that is broken',
    manifests: config('  source: Nacos\n  content: "a: 1"'),
    problems: [/^6:12 NacosConfig\/app.yaml spec\.content: .*must not be set when `source` is 'Nacos'/],
  },
  {
    what: 'a broken line of a literal block, at its line of the file',
    manifests: config('  content: |\n    a: 1\n    b: [\n    a: 2\n'),
    problems: [/^8:\d+ NacosConfig\/app.yaml spec\.content: The content is not valid yaml: line 3, column \d+: /],
  },
  {
    what: 'a broken content on one line, at its begin',
    manifests: config('  content: "a: 1\\na: 2"'),
    problems: [/^5:12 NacosConfig\/app.yaml spec\.content: .* line 2, column 1: Duplicate key$/],
  },
  {
    what: 'a broken content in a ConfigMap, where that stands',
    manifests: `${config('  contentFrom: { configMapKeyRef: { name: texts, key: a.json } }', 'a.json')}---\n${configMap}    {\n      "a" 1\n    }\n`,
    problems: [
      /^13:11 ConfigMap\/texts data\[a\.json\]: The content is not valid json: .*, as NacosConfig\/a\.json publishes it$/,
    ],
  },
  {
    what: 'a key that the ConfigMap lacks',
    manifests: `${config('  contentFrom: { configMapKeyRef: { name: texts, key: b } }')}---\n${configMap}    1\n`,
    problems: [/^5:16 NacosConfig\/app.yaml spec\.contentFrom: ConfigMap 'texts' has no key 'b'$/],
  },
  {
    what: 'a broken content in a Secret, without a word of it',
    manifests:
      config('  allowSecretExport: true\n  contentFrom: { secretKeyRef: { name: s, key: a } }') +
      `---\napiVersion: v1\nkind: Secret\nmetadata: { name: s }\nstringData:\n  a: "x: [${SECRET}"\n`,
    problems: [/^12:6 Secret\/s stringData\[a\]: .*line 1, column \d+; it comes from a Secret and is not shown/],
  },
  {
    what: 'text in binaryData, which is read as the operator reads it',
    manifests:
      config('  contentFrom: { configMapKeyRef: { name: bytes, key: a } }') +
      '---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: bytes }\nbinaryData: { a: YTogMQ== }\n',
    problems: [],
  },
  {
    what: 'bytes in binaryData that are no text',
    manifests:
      config('  contentFrom: { configMapKeyRef: { name: bytes, key: a } }') +
      '---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: bytes }\nbinaryData: { a: /w== }\n',
    problems: [/The content must be UTF-8 text, and key 'a' of ConfigMap 'bytes' is binary/],
  },
  {
    what: 'bytes of a Secret that are published in Base64',
    manifests:
      config('  allowSecretExport: true\n  contentFrom: { secretKeyRef: { name: s, key: a, encoding: Base64 } }', 'a') +
      '---\napiVersion: v1\nkind: Secret\nmetadata: { name: s }\ndata: { a: /w== }\n',
    problems: [],
  },
  {
    what: 'a Secret that is no Base64, without a word of it',
    manifests: `apiVersion: v1\nkind: Secret\nmetadata: { name: s }\ndata: { a: "?${SECRET}" }\n`,
    problems: [/^1:1 Secret\/s: .*illegal base64/],
  },
  {
    what: 'a content that breaks its schema',
    manifests: config('  validation: { jsonSchema: { properties: { a: { type: string } } } }\n  content: |\n    a: 1'),
    problems: [/^7:8 NacosConfig\/app.yaml spec\.content: .*\/a \(line 1, column 4\) must be string$/],
  },
  {
    what: 'a schema that is none',
    manifests: config('  validation: { jsonSchema: { type: strin } }\n  content: "a: 1"'),
    problems: [/^5:29 NacosConfig\/app.yaml spec\.validation\.jsonSchema: .*must be a JSON Schema/],
  },
  {
    what: 'an object that is declared twice',
    manifests: `${config('  content: "a: 1"')}---\n${config('  content: "a: 2"')}`,
    problems: [/^9:19 NacosConfig\/app.yaml metadata\.name: is declared twice, also in \(standard input\):1$/],
  },
  {
    what: 'two that claim one dataId',
    manifests: `${config('  content: "a: 1"')}---\n${config('  dataId: app.yaml\n  content: "a: 1"', 'b')}`,
    problems: [/^11:11 NacosConfig\/b spec\.dataId: the dataId is already declared by NacosConfig\/app\.yaml in/],
  },
  {
    what: 'two that claim one dataId of one server by two connections',
    manifests: ['one', 'two']
      .map(
        (name) =>
          `${connection(name)}---\n${config(`  connectionRef: { name: ${name} }\n  dataId: a\n  content: x`, name)}`,
      )
      .join('---\n'),
    problems: [/^24:11 NacosConfig\/two spec\.dataId: the dataId is already declared by NacosConfig\/one in/],
  },
  {
    what: 'two that mirror into one object',
    manifests: ['a.yaml', 'b.yaml']
      .map((name) => config('  mirror: { configMap: { name: m } }\n  source: Nacos', name))
      .join('---\n'),
    problems: [
      /^12:32 NacosConfig\/b\.yaml spec\.mirror\.configMap\.name: NacosConfig\/a\.yaml in \(standard input\):1 mirrors into ConfigMap 'm' already/,
    ],
  },
  {
    what: 'a sync that mirrors into the object of another resource',
    manifests: `${config('  mirror: { configMap: { name: m } }\n  source: Nacos', 'a')}---\n${sync('{ source: Nacos, mapping: { preset: SingleObject, objectName: m } }')}`,
    problems: [
      /NacosConfigSync\/all spec\.mapping\.objectName: NacosConfig\/a in .* mirrors into ConfigMap 'm' already/,
    ],
  },
  {
    what: 'a mirror into an object that is declared',
    manifests: `${config('  mirror: { configMap: { name: texts } }\n  source: Nacos', 'a')}---\n${configMap}    1\n`,
    problems: [
      /NacosConfig\/a spec\.mirror\.configMap\.name: ConfigMap 'texts' is declared in \(standard input\):8; only/,
    ],
  },
  {
    what: 'keys that are merged into an object whose owner agrees',
    manifests: `${merging('a', 'own')}---\n${merging('b', 'other')}---\n${configMap}    1\n`.replace(
      'name: texts }',
      "name: texts, annotations: { bridge.nacos.io/allow-merge: 'true' } }",
    ),
    problems: [],
  },
  {
    what: 'a key that is merged into an object whose owner does not agree',
    manifests: `${merging('a', 'own')}---\n${configMap}    1\n`,
    problems: [
      /NacosConfig\/a spec\.mirror\.configMap\.name: ConfigMap 'texts' may not be merged into: its owner must agree/,
    ],
  },
  {
    what: 'a key that two merge into one object',
    manifests: `${merging('a', 'one')}---\n${merging('b', 'one')}`,
    problems: [/NacosConfig\/b spec\.mirror.*NacosConfig\/a in .* merges the key 'one' into ConfigMap 'texts' already/],
  },
  {
    what: 'immutable mirrors of one name, which have objects of their own',
    manifests: ['a.yaml', 'b.yaml']
      .map((name) => config('  mirror: { immutable: true, configMap: { name: m } }\n  source: Nacos', name))
      .join('---\n'),
    problems: [],
  },
  {
    what: 'entries that cannot be made of a format',
    manifests: config('  mirror: { configMap: { name: m }, format: Env }\n  source: Nacos', 'foo.xml'),
    problems: [
      /NacosConfig\/foo\.xml spec\.format: `spec\.format` 'xml' must be 'properties', 'yaml', 'json' or 'toml'/,
    ],
  },
  {
    what: 'entries that cannot be made of a content',
    manifests: config('  mirror: { configMap: { name: m }, format: Env }\n  content: "a: { b: 1 }"'),
    problems: [/NacosConfig\/app\.yaml spec\.content: Key 'a' must hold a scalar, and holds a map or a list/],
  },
  {
    what: 'entries of a json that is not here',
    manifests: config('  mirror: { configMap: { name: m }, format: Env }\n  source: Nacos', 'a.json'),
    problems: [],
  },
  {
    what: 'a schema of a sync that is none',
    manifests: sync('{ source: Kubernetes, kubernetes: { all: true }, validation: { jsonSchema: { type: strin } } }'),
    problems: [/^4:\d+ NacosConfigSync\/all spec\.validation\.jsonSchema: .*must be a JSON Schema/],
  },
  {
    what: 'a broken content that a sync publishes, where that stands',
    manifests: `${sync('{ source: Kubernetes, kubernetes: { selector: { matchLabels: { a: b } } } }')}---\n${labelled('one', 'a.json: "{"')}`,
    problems: [
      /^9:17 ConfigMap\/one data\[a\.json\]: The content is not valid json: .*, as NacosConfigSync\/all publishes it$/,
    ],
  },
  {
    what: 'two keys that a sync maps to one dataId',
    manifests: `${sync("{ source: Kubernetes, kubernetes: { selector: { matchLabels: { a: b } } }, mapping: { group: g, dataId: '{key}' } }")}---\n${labelled('one', 'a: x')}---\n${labelled('two', 'a: x')}`,
    problems: [
      /^14:12 ConfigMap\/two data\[a\]: dataId 'a' of group 'g' is already declared by ConfigMap\/one in \(standard input\):6/,
    ],
  },
  {
    what: 'an item of a sync whose dataId a NacosConfig declares',
    manifests: `${config('  group: configmap.one\n  content: x', 'a')}---\n${sync('{ source: Both, kubernetes: { all: true } }')}---\n${labelled('one', 'a: x')}`,
    problems: [
      /ConfigMap\/one data\[a\]: dataId 'a' of group 'configmap\.one' is already declared by NacosConfig\/a in/,
    ],
  },
  {
    what: 'a sync beside what it has made, as a cluster gives them',
    manifests: `${config('  group: configmap.one\n  dataId: a\n  contentFrom: { configMapKeyRef: { name: one, key: a } }', "made, ownerReferences: [{ apiVersion: bridge.nacos.io/v1alpha1, kind: NacosConfigSync, name: all, uid: '1', controller: true }]")}---\n${sync('{ source: Kubernetes, kubernetes: { all: true } }')}---\n${labelled('one', 'a: x')}`,
    problems: [],
  },
  {
    what: 'nothing of a ConfigMap that a sync does not select',
    manifests: `${sync('{ source: Kubernetes, kubernetes: { selector: { matchLabels: { a: c } } } }')}---\n${labelled('one', 'a.json: "{"')}`,
    problems: [],
  },
  {
    what: 'a schema that is none for a content that is not here',
    manifests: config(
      '  contentFrom: { configMapKeyRef: { name: elsewhere, key: a } }\n  validation: { jsonSchema: { type: strin } }',
    ),
    problems: [/spec\.validation\.jsonSchema: .*must be a JSON Schema/],
  },
  {
    what: 'a login that its Secret does not hold',
    manifests: `${connection('one', '{ password: { secretRef: { name: s } } }')}---\napiVersion: v1\nkind: Secret\nmetadata: { name: s }\nstringData: { username: u }\n`,
    problems: [/NacosConnection\/one spec\.auth\.password\.secretRef: Secret 's' must have a key 'password'/],
  },
  {
    what: 'a dataId whose content clients encrypt',
    manifests: config('  dataId: cipher-a\n  content: x'),
    problems: [/NacosConfig\/app\.yaml spec: dataId 'cipher-a' must not begin with 'cipher-'/],
  },
  {
    what: 'a name that its connection does not allow',
    manifests: `${connection('one', undefined, ', allow: { groups: [others] }')}---\n${config('  connectionRef: { name: one }\n  content: x')}`,
    problems: [
      /NacosConfig\/app\.yaml spec: NacosConnection 'one' does not allow the group 'DEFAULT_GROUP'.*is 'others'/,
    ],
  },
  {
    what: 'a kind of ours that there is not',
    manifests: 'apiVersion: bridge.nacos.io/v1alpha1\nkind: NacosThing\nmetadata: { name: a }\n',
    problems: [/^2:7 NacosThing\/a kind: there is no NacosThing in bridge\.nacos\.io\/v1alpha1$/],
  },
  { what: 'what is no YAML', manifests: 'a: [\n', problems: [/^2:1: is no YAML: /] },
  { what: 'what is no object', manifests: '- 1\n', problems: [/^1:1: is no object of Kubernetes/] },
  {
    what: 'the items of a NacosConfigList, which need not say what they are',
    manifests: `kind: NacosConfigList\napiVersion: bridge.nacos.io/v1alpha1\nmetadata: { resourceVersion: "1" }\nitems:\n  - metadata: { name: a }\n    spec: { content: " " }\n`,
    problems: [/^6:22 NacosConfig\/a spec\.content: .*must not be blank/],
  },
  {
    what: 'the items of a List',
    manifests: `kind: List\napiVersion: v1\nitems:\n  - apiVersion: bridge.nacos.io/v1alpha1\n    kind: NacosConfig\n    metadata: { name: a }\n    spec: { content: " " }\n`,
    problems: [/^7:22 NacosConfig\/a spec\.content: .*must not be blank/],
  },
];

describe('nacos-bridge validate', () => {
  for (const { what, manifests, problems } of cases) {
    it(`tells ${what}`, async () => {
      const told = await validate(manifests);
      assert.equal(told.problems.length, problems.length, told.problems.join('\n'));
      for (const [index, problem] of told.problems.entries()) {
        assert.ok(problem.startsWith('(standard input):'), problem);
        assert.match(problem.slice('(standard input):'.length), problems[index] ?? /^$/);
      }
      assert.equal(told.code, problems.length === 0 ? 0 : 1);
      assert.ok(!JSON.stringify(told).includes(SECRET));
    });
  }

  it('says what it could not check, and what it passed over', async () => {
    const deployment = 'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: a }\n';
    const reference = config('  contentFrom: { configMapKeyRef: { name: elsewhere, key: a } }');
    const { code, errors, summary } = await validate(`${reference}---\n${deployment}`);
    assert.equal(code, 0);
    assert.match(errors, /ConfigMap 'elsewhere' is not among these files, so its content is not checked/);
    assert.equal(summary, 'no problems; 1 warning; 1 object in 1 file in order; 1 object of other kinds passed over');
    const strict = await validate(`${reference}---\n${deployment}`, ['-'], { strict: true });
    assert.equal(strict.code, 1);
    assert.match(strict.errors, /:7:1 Deployment\/a: warning: is of a kind that is not checked/);
  });

  it('counts no object as in order that has a problem', async () => {
    const { summary } = await validate(
      `${config('  content: "a: ["', 'a.yaml')}---\n${config('  content: "a: 1"', 'b')}`,
    );
    assert.equal(summary, '1 problem; 1 object in 1 file in order');
  });

  it('refuses to look at nothing, and warns of a file without an object', async () => {
    for (const input of ['', '---\n', '# only\n']) {
      await assert.rejects(validate(input), (error) => isBridgeError(error, 'INVALID_OPTION'));
    }
    const dir = await mkdtemp(join(tmpdir(), 'nacos-bridge-validate-'));
    try {
      const empty = join(dir, 'empty.yaml');
      await writeFile(empty, '');
      const one = config('  content: "a: 1"');
      const { code, errors } = await validate(one, ['-', empty]);
      assert.equal(code, 0);
      assert.equal(errors, `${empty}:1:1: warning: holds no object\n`);
      assert.equal((await validate(one, ['-', empty], { strict: true })).code, 1);
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  it('skips templates of a chart below a folder, and names them', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'nacos-bridge-validate-'));
    try {
      await writeFile(join(dir, 'a.yaml'), config('  content: {{ .Values.content | quote }}'));
      await writeFile(join(dir, 'b.yaml'), `{{- if .Values.on }}\n${config('  content: x')}{{- end }}\n`);
      await writeFile(join(dir, 'c.yaml'), config('  content: |\n    {{ text of a template }}\n', 'c.txt'));
      const told = await validate('', [dir]);
      assert.deepEqual([told.code, told.problems], [0, []]);
      assert.match(told.errors, /a\.yaml:1:1: warning: is a template and is skipped.*\n.*b\.yaml:1:1: warning: is a/);
      assert.match(told.summary, /2 warnings; 1 object in 3 files/);
      assert.equal((await validate('', [dir], { strict: true })).code, 1);
      // One that is named is meant.
      assert.equal((await validate('', [join(dir, 'b.yaml')])).code, 1);
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  it('tells programs in JSON', async () => {
    const deployment = 'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: a }\n';
    const reference = config('  contentFrom: { configMapKeyRef: { name: elsewhere, key: a } }', 'b');
    const { code, errors, output } = await validate(
      `${config('  grup: a\n  content: x')}---\n${reference}---\n${deployment}`,
      ['-'],
      { output: 'json' },
    );
    assert.deepEqual([code, errors], [1, '']);
    const file = '(standard input)';
    assert.deepEqual(JSON.parse(output), {
      problems: [
        {
          file,
          line: 5,
          column: 9,
          object: 'NacosConfig/app.yaml',
          field: 'spec.grup',
          message: 'there is no such field',
        },
      ],
      warnings: [
        {
          file,
          line: 12,
          column: 16,
          object: 'NacosConfig/b',
          field: 'spec.contentFrom',
          message: "ConfigMap 'elsewhere' is not among these files, so its content is not checked",
        },
      ],
      summary: { problems: 1, warnings: 1, files: 1, inOrder: 1, passedOver: 1 },
    });
  });

  it('reads folders with all that is below them, and passes over what is no manifest there', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'nacos-bridge-validate-'));
    try {
      await mkdir(join(dir, 'below/.git'), { recursive: true });
      await writeFile(join(dir, 'values.yaml'), 'replicas: 2\n');
      await writeFile(join(dir, 'below/app.yml'), config('  content: "a: ["'));
      await writeFile(join(dir, 'below/.git/app.yaml'), 'a: [');
      await writeFile(join(dir, 'README.md'), 'a: [');
      const { problems, summary } = await validate('', [dir]);
      assert.equal(problems.length, 1);
      assert.ok(problems[0]?.startsWith(`${join(dir, 'below/app.yml')}:5:12 NacosConfig/app.yaml spec.content`));
      assert.match(summary, /^1 problem; no objects in 2 files/);
      await assert.rejects(validate('', [join(dir, 'below/.git/none')]), (error) =>
        isBridgeError(error, 'INVALID_OPTION'),
      );
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  it('ends with 0 in order, 1 with problems, and 2 for what it was not asked rightly', async () => {
    const [right, wrong, none, missing, empty, help, odd] = await Promise.all([
      commandLine(['validate', '-'], config('  content: "a: 1"')),
      commandLine(['validate', '-'], config('  content: "a: ["')),
      commandLine(['validate']),
      commandLine(['validate', 'there-is-no-such-file']),
      commandLine(['validate', '-']),
      commandLine(['validate', '-h']),
      commandLine(['validat', '-']),
    ]);
    assert.deepEqual([right.code, wrong.code, none.code, missing.code], [0, 1, 2, 2]);
    assert.deepEqual([empty.code, help.code, odd.code], [2, 0, 2]);
    assert.equal(empty.errors, 'nacos-bridge: there is no object in standard input\n');
    assert.match(help.output, /\nExit codes:\n {2}0 {2}nothing is wrong\n {2}1/);
    assert.match(odd.errors, /^nacos-bridge: unknown command 'validat'\n\(Did you mean validate\?\)/);
    assert.match(none.errors, /FILE\|DIR\|-\.\.\. must be given/);
    assert.match(missing.errors, /'there-is-no-such-file' cannot be read/);
  });

  it('tells each content that takes too long to judge, and ends', async () => {
    const spec = `  content: '"${'a'.repeat(60)}!"'\n  validation: { jsonSchema: { pattern: '^(a+)+$' } }`;
    const slow = (name: string) => config(spec, `${name}.json`);
    const { code, output } = await commandLine(['validate', '-'], `${slow('one')}\n---\n${slow('two')}`);
    assert.equal(code, 1, output);
    for (const name of ['one', 'two'])
      assert.match(
        output,
        new RegExp(`NacosConfig/${name}.json spec.validation.jsonSchema: .*takes more than 5 s of processor time`),
      );
  });

  it('finds the examples in order', async () => {
    const { problems } = await validate('', [join(import.meta.dirname, '../../examples')]);
    assert.deepEqual(problems, []);
  });
});
