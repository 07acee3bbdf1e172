/**
 * Objects as files: apply, create, replace, edit, patch, and what each says.
 */
import { config, configMap, documents } from './manifests.ts';
import type { Chapter } from './step.ts';

const orders = config('orders.yaml', `content: |\n  retries: 3\ngroup: shop\ntags: [shop, orders]`);
const changed = orders.replace('retries: 3', 'retries: 4');
const both = documents(configMap('settings', 'a: "1"'), orders);

export const declaring: Chapter = {
  title: 'declares objects',
  namespace: 'declaring',
  steps: [
    {
      title: 'applies a new object',
      run: 'apply -f -',
      input: orders,
      shows: ['nacosconfig.bridge.nacos.io/orders.yaml created'],
    },
    {
      title: 'applies the same again',
      run: 'apply -f -',
      input: orders,
      shows: ['nacosconfig.bridge.nacos.io/orders.yaml unchanged'],
    },
    {
      title: 'sees what an apply would change',
      run: 'diff -f -',
      input: changed,
      code: 1,
      shows: ['- retries: 3', '+ retries: 4', 'generation: 2'],
    },
    { title: 'sees that an apply would change nothing', run: 'diff -f -', input: orders },
    {
      title: 'lets the server try an apply',
      run: 'apply --dry-run=server -f -',
      input: changed,
      shows: ['orders.yaml configured (server dry run)'],
    },
    { title: 'finds nothing changed by the trial', run: 'apply -f -', input: orders, shows: ['unchanged'] },
    { title: 'applies a change', run: 'apply -f -', input: changed, shows: ['orders.yaml configured'] },
    {
      title: 'shows what is stored, with defaults',
      run: 'get ncfg orders.yaml -o yaml',
      shows: ['generation: 2', 'retries: 4', 'deletionPolicy: Delete', 'last-applied-configuration'],
    },
    {
      title: 'removes by apply what is no longer declared',
      run: 'apply -f -',
      input: changed.replace(/ {2}tags.*\n/, ''),
      shows: ['configured'],
    },
    { title: 'finds it removed', run: 'get ncfg orders.yaml -o jsonpath={.spec.tags}', hides: ['shop'] },
    {
      title: 'applies several objects',
      run: 'apply -f -',
      input: both,
      shows: ['configmap/settings created', 'nacosconfig.bridge.nacos.io/orders.yaml configured'],
    },
    {
      title: 'applies them by a dry run of its own',
      run: 'apply --dry-run=client -f -',
      input: both,
      shows: ['(dry run)'],
    },
    { title: 'views what was applied last', run: 'apply view-last-applied configmap/settings', shows: ['a: "1"'] },
    {
      title: 'lets the server try a creation',
      run: 'create --dry-run=server -o yaml -f -',
      input: configMap('trial', 'a: b'),
      shows: ['name: trial', 'uid: UID'],
    },
    {
      title: 'finds nothing created by the trial',
      run: 'get configmap trial',
      code: 1,
      shows: ['configmaps "trial" not found'],
    },
    {
      title: 'creates a ConfigMap of literals',
      run: 'create configmap literal --from-literal=a=1 --from-literal=b=two',
      shows: ['configmap/literal created'],
    },
    {
      title: 'is told when an object exists',
      run: 'create configmap literal --from-literal=a=1',
      code: 1,
      shows: ['error: failed to create configmap: configmaps "literal" already exists'],
    },
    {
      title: 'creates an object that exists from a file',
      run: 'create -f -',
      input: orders,
      code: 1,
      shows: ['Error from server (AlreadyExists)'],
    },
    {
      title: 'creates a Secret',
      run: 'create secret generic login --from-literal=username=nacos --from-literal=password=secret',
      shows: ['secret/login created'],
    },
    { title: 'reads a Secret', run: `get secret login -o 'jsonpath={.data.password}'`, shows: ['c2VjcmV0'] },
    {
      title: 'creates a Deployment',
      run: 'create deployment made --image=registry.example/app:1 --replicas=2',
      shows: ['deployment.apps/made created'],
    },
    {
      title: 'exposes it',
      run: 'expose deployment made --port=80 --target-port=8080',
      shows: ['service/made exposed'],
    },
    {
      title: 'creates a namespace',
      run: 'create namespace declaring-more',
      shows: ['namespace/declaring-more created'],
    },
    {
      title: 'creates a service account',
      run: 'create serviceaccount reader',
      shows: ['serviceaccount/reader created'],
    },
    {
      title: 'replaces an object',
      run: 'replace -f -',
      input: configMap('settings', 'b: "2"'),
      shows: ['configmap/settings replaced'],
    },
    { title: 'finds it replaced', run: `get configmap settings -o 'jsonpath={.data}'`, shows: ['{"b":"2"}'] },
    {
      title: 'cannot replace what is not there',
      run: 'replace -f -',
      input: configMap('absent', 'b: "2"'),
      code: 1,
      shows: ['(NotFound)', 'configmaps "absent" not found'],
    },
    {
      title: 'cannot replace an older version',
      run: 'replace -f -',
      input: configMap('settings', 'c: "3"', 'resourceVersion: "1"'),
      code: 1,
      shows: ['(Conflict)', 'the object has been modified; please apply your changes to the latest version'],
    },
    {
      title: 'edits an object',
      run: 'edit ncfg orders.yaml',
      editor: 's/retries: 3/retries: 5/',
      shows: ['nacosconfig.bridge.nacos.io/orders.yaml edited'],
    },
    {
      title: 'finds it edited',
      run: `get ncfg orders.yaml -o 'jsonpath={.spec.content} {.metadata.generation}'`,
      shows: ['retries: 5'],
    },
    {
      title: 'edits nothing',
      run: 'edit ncfg orders.yaml',
      editor: 's/never/found/',
      shows: ['Edit cancelled, no changes made.'],
    },
    {
      title: 'edits a ConfigMap',
      run: 'edit configmap settings',
      editor: 's/b: "2"/b: "3"/',
      shows: ['configmap/settings edited'],
    },
    {
      title: 'patches by a merge',
      run: `patch ncfg orders.yaml --type=merge -p '{"spec":{"description":"by merge","tags":["a","b"]}}'`,
      shows: ['orders.yaml patched'],
    },
    {
      title: 'patches by a merge that changes nothing',
      run: `patch ncfg orders.yaml --type=merge -p '{"spec":{"description":"by merge"}}'`,
      shows: ['patched (no change)'],
    },
    {
      title: 'patches by JSON',
      run: `patch ncfg orders.yaml --type=json -p '[{"op":"test","path":"/spec/tags/0","value":"a"},{"op":"add","path":"/spec/tags/-","value":"c"},{"op":"remove","path":"/spec/description"}]'`,
      shows: ['patched'],
    },
    {
      title: 'patches by JSON what is not there',
      run: `patch ncfg orders.yaml --type=json -p '[{"op":"remove","path":"/spec/nothing"}]'`,
      code: 1,
    },
    {
      title: 'fails a test of a JSON patch',
      run: `patch ncfg orders.yaml --type=json -p '[{"op":"test","path":"/spec/group","value":"other"}]'`,
      code: 1,
    },
    {
      title: 'finds both patches',
      run: `get ncfg orders.yaml -o 'jsonpath={.spec.tags} {.spec.description}'`,
      shows: ['["a","b","c"]'],
    },
    {
      title: 'patches strategically',
      run: `patch deployment made --type=strategic -p '{"spec":{"template":{"spec":{"nodeName":"node-1","containers":[{"name":"app","env":[{"name":"A","value":"1"}]}]}}}}'`,
      shows: ['deployment.apps/made patched'],
    },
    {
      title: 'finds lists merged by name',
      run: `get deployment made -o 'jsonpath={.spec.template.spec.containers[*].image} {.spec.template.spec.containers[0].env}'`,
      shows: ['registry.example/app:1 [{"name":"A","value":"1"}]'],
    },
    {
      title: 'deletes from a list strategically',
      run: `patch deployment made -p '{"spec":{"template":{"spec":{"containers":[{"name":"app","env":[{"$patch":"delete","name":"A"}]}]}}}}'`,
      shows: ['patched'],
    },
    {
      title: 'cannot patch a custom resource strategically',
      run: `patch ncfg orders.yaml --type=strategic -p '{"spec":{"suspend":true}}'`,
      code: 1,
      shows: ['application/strategic-merge-patch+json is not supported'],
    },
    {
      title: 'patches a status',
      run: `patch ncfg orders.yaml --subresource=status --type=merge -p '{"status":{"dataId":"orders.yaml","source":"Kubernetes"}}'`,
      shows: ['patched'],
    },
    {
      title: 'finds the status, and the generation as it was',
      run: `get ncfg orders.yaml -o 'jsonpath={.status} {.metadata.generation}'`,
      shows: ['"dataId":"orders.yaml"'],
    },
    {
      title: 'does not write a status without the subresource',
      run: `patch ncfg orders.yaml --type=merge -p '{"status":{"dataId":"other"}}'`,
      shows: ['(no change)'],
    },
    {
      title: 'reads the subresource',
      run: `get ncfg orders.yaml --subresource=status -o 'jsonpath={.status.dataId}'`,
      shows: ['orders.yaml'],
    },
    { title: 'labels', run: 'label ncfg orders.yaml tier=backend team=a', shows: ['orders.yaml labeled'] },
    {
      title: 'does not overwrite a label unasked',
      run: 'label ncfg orders.yaml tier=frontend',
      code: 1,
      shows: ["'tier' already has a value (backend), and --overwrite is false"],
    },
    { title: 'overwrites a label', run: 'label ncfg orders.yaml tier=frontend --overwrite', shows: ['labeled'] },
    { title: 'removes a label', run: 'label ncfg orders.yaml team-', shows: ['unlabeled'] },
    { title: 'refuses a label that is none', run: `label ncfg orders.yaml 'tier=not a label' --overwrite`, code: 1 },
    { title: 'annotates', run: 'annotate ncfg orders.yaml note=hello', shows: ['annotated'] },
    { title: 'shows labels', run: 'get ncfg --show-labels', shows: ['LABELS', 'tier=frontend'] },
    {
      title: 'deletes what files declare',
      run: 'delete -f -',
      input: both,
      shows: ['configmap "settings" deleted', '"orders.yaml" deleted'],
    },
    { title: 'cannot delete it twice', run: 'delete ncfg orders.yaml', code: 1, shows: ['(NotFound)'] },
    { title: 'may ignore that', run: 'delete ncfg orders.yaml --ignore-not-found' },
    {
      title: 'deletes a namespace with all that is in it',
      run: 'delete namespace declaring-more',
      shows: ['namespace "declaring-more" deleted'],
    },
    {
      title: 'applies the examples',
      run: 'apply -f examples',
      shows: ['nacosconfig.bridge.nacos.io/orders.yaml created', 'service/catalog created'],
    },
    {
      title: 'applies the examples again',
      run: 'apply -f examples',
      shows: ['nacosconfig.bridge.nacos.io/orders.yaml unchanged', 'secret/demo-nacos-login configured'],
    },
    { title: 'deletes the examples', run: 'delete -f examples', shows: ['"orders.yaml" deleted'] },
  ],
};
