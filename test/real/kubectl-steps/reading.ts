/**
 * Reading: tables, formats, selectors, descriptions with events.
 */
import { config, configMap, documents, event, service } from './manifests.ts';
import type { Chapter } from './step.ts';

const status = {
  observedGeneration: 1,
  dataId: 'orders.yaml',
  source: 'Kubernetes',
  conditions: [
    {
      type: 'Ready',
      status: 'True',
      reason: 'Synced',
      message: 'both sides are equal',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    },
  ],
};
const labelled = (tier: string) => `labels:\n  app: shop\n  tier: ${tier}`;
const world = documents(
  config('orders.yaml', 'content: "a: 1"\ngroup: shop', labelled('backend')),
  config('users.yaml', 'content: "b: 2"', labelled('frontend')),
  configMap('settings', 'a: "1"\nlong: |\n  line one\n  line two', labelled('backend')),
  configMap('others', 'a: "1"'),
  service('web'),
);
const aboutOrders = {
  kind: 'NacosConfig',
  apiVersion: 'bridge.nacos.io/v1alpha1',
  name: 'orders.yaml',
  namespace: 'reading',
};

export const reading: Chapter = {
  title: 'reads objects',
  namespace: 'reading',
  steps: [
    { title: 'says that nothing is there', run: 'get ncfg', shows: ['No resources found in reading namespace.'] },
    { title: 'makes some objects', run: 'apply -f -', input: world },
    {
      title: 'sets a status',
      run: `patch ncfg orders.yaml --subresource=status --type=merge -p '${JSON.stringify({ status })}'`,
    },
    {
      title: 'gets a table with the columns of the CRD',
      run: 'get nacosconfigs',
      shows: [
        'NAME READY REASON DATAID GROUP SOURCE LAST SYNC AGE',
        'orders.yaml True Synced orders.yaml shop Kubernetes AGE',
        'users.yaml DEFAULT_GROUP',
      ],
    },
    { title: 'gets a wide table', run: 'get ncfg -o wide', shows: ['MESSAGE', 'both sides are equal'] },
    { title: 'gets one object', run: 'get nacosconfig orders.yaml' },
    {
      title: 'gets objects by kind and name',
      run: 'get ncfg/orders.yaml cm/settings',
      shows: ['nacosconfig.bridge.nacos.io/orders.yaml', 'configmap/settings 2 AGE'],
    },
    { title: 'gets a table without a header', run: 'get ncfg --no-headers', hides: ['REASON'] },
    {
      title: 'gets several kinds',
      run: 'get ncfg,cm,svc',
      shows: ['service/web ClusterIP CLUSTER-IP <none> 80/TCP AGE'],
    },
    { title: 'gets a category', run: 'get nacos', shows: ['nacosconfig.bridge.nacos.io/orders.yaml', 'users.yaml'] },
    {
      title: 'gets ConfigMaps',
      run: 'get configmaps',
      shows: ['NAME DATA AGE', 'settings 2 AGE', 'kube-root-ca.crt 1 AGE'],
    },
    { title: 'gets Services in a wide table', run: 'get service -o wide', shows: ['SELECTOR', 'app=web'] },
    { title: 'gets YAML', run: 'get ncfg orders.yaml -o yaml', shows: ['kind: NacosConfig', 'uid: UID', 'status:'] },
    {
      title: 'gets YAML of a Service',
      run: 'get service web -o yaml',
      shows: ['clusterIPs:', 'ipFamilyPolicy: SingleStack', 'sessionAffinity: None', 'loadBalancer: {}'],
    },
    { title: 'gets JSON', run: 'get configmap settings -o json', shows: ['"kind": "ConfigMap"'] },
    { title: 'gets a list as YAML', run: 'get ncfg -o yaml', shows: ['kind: List'] },
    {
      title: 'gets managed fields',
      run: 'get ncfg users.yaml -o yaml --show-managed-fields',
      shows: ['manager: kubectl-client-side-apply', 'operation: Update'],
    },
    {
      title: 'gets the managed fields of a status',
      run: 'get ncfg orders.yaml -o yaml --show-managed-fields',
      shows: ['manager: kubectl-patch', 'subresource: status'],
    },
    { title: 'gets names', run: 'get ncfg -o name', shows: ['nacosconfig.bridge.nacos.io/orders.yaml\n'] },
    {
      title: 'gets a JSONPath',
      run: `get ncfg -o 'jsonpath={range .items[*]}{.metadata.name}={.spec.group}{";"}{end}'`,
      shows: ['orders.yaml=shop;users.yaml=DEFAULT_GROUP;'],
    },
    {
      title: 'gets columns of its own',
      run: 'get ncfg -o custom-columns=N:.metadata.name,C:.spec.content',
      shows: ['N C', 'orders.yaml a: 1'],
    },
    { title: 'gets a Go template', run: `get ncfg orders.yaml -o 'go-template={{.spec.content}}'`, shows: ['a: 1'] },
    { title: 'sorts', run: 'get ncfg --sort-by=.spec.content -o name', shows: [/orders[\s\S]*users/] },
    { title: 'selects by a label', run: 'get ncfg -l tier=backend', shows: ['orders.yaml'], hides: ['users.yaml'] },
    {
      title: 'selects by an unequal label',
      run: 'get ncfg -l tier!=backend -o name',
      shows: ['users.yaml'],
      hides: ['orders.yaml'],
    },
    {
      title: 'selects by a set',
      run: `get ncfg -l 'tier in (backend,middle),app' -o name`,
      shows: ['orders.yaml'],
      hides: ['users.yaml'],
    },
    { title: 'selects by what is not there', run: `get cm -l '!app' -o name`, shows: ['others'], hides: ['settings'] },
    { title: 'shows a label as a column', run: 'get ncfg -L tier', shows: ['TIER', 'frontend'] },
    { title: 'refuses a selector that is none', run: `get ncfg -l 'tier in backend'`, code: 1 },
    {
      title: 'selects by a field',
      run: 'get ncfg --field-selector=metadata.name=users.yaml -o name',
      shows: ['users.yaml'],
      hides: ['orders.yaml'],
    },
    {
      title: 'selects by a field of ConfigMaps',
      run: 'get cm --field-selector=metadata.name!=settings -o name',
      shows: ['others'],
      hides: ['settings'],
    },
    {
      title: 'refuses a field that nothing selects by',
      run: 'get ncfg --field-selector=spec.group=shop',
      code: 1,
      shows: ['(BadRequest)', 'field label not supported: spec.group'],
    },
    {
      title: 'looks into all namespaces',
      run: 'get ncfg -A',
      compare: 'shown',
      shows: ['NAMESPACE NAME READY', 'reading orders.yaml True Synced'],
    },
    { title: 'reads in chunks', run: 'get ncfg --chunk-size=1 -o name', shows: ['orders.yaml', 'users.yaml'] },
    {
      title: 'reads a raw path',
      run: `get --raw /apis/bridge.nacos.io/v1alpha1/namespaces/reading/nacosconfigs/nothing`,
      code: 1,
      shows: ['(NotFound)'],
    },
    {
      title: 'is told what is not there',
      run: 'get ncfg nothing',
      code: 1,
      shows: ['Error from server (NotFound): nacosconfigs.bridge.nacos.io "nothing" not found'],
    },
    {
      title: 'is told of several that are not there',
      run: 'get cm/a svc/b',
      code: 1,
      shows: ['configmaps "a" not found', 'services "b" not found'],
    },
    {
      title: 'finds nothing in a namespace that is not there',
      run: 'get ncfg -n nowhere',
      shows: ['No resources found in nowhere namespace.'],
    },
    {
      title: 'writes an event',
      run: 'create -f -',
      input: event('orders.1', aboutOrders),
      uidOf: 'ncfg/orders.yaml',
      shows: ['event/orders.1 created'],
    },
    {
      title: 'describes a custom resource with its events',
      run: 'describe ncfg orders.yaml',
      shows: [
        'Kind: NacosConfig',
        'Content: a: 1',
        'Reason: Synced',
        'Events:',
        'Type Reason Age From Message',
        'Normal Published',
        'published to the dataId orders.yaml',
      ],
    },
    {
      title: 'describes a ConfigMap',
      run: 'describe configmap settings',
      // kubectl shows the keys in no order.
      compare: 'shown',
      shows: ['Data\n====', 'line two'],
    },
    {
      title: 'describes a Service',
      run: 'describe service web',
      compare: 'shown',
      shows: ['Selector: app=web', 'TargetPort: 8080/TCP', 'Endpoints:'],
    },
    { title: 'describes all of a kind', run: 'describe ncfg', shows: ['orders.yaml', 'users.yaml'] },
    {
      title: 'lists events',
      run: 'get events',
      shows: [
        'LAST SEEN TYPE REASON OBJECT MESSAGE',
        'Normal Published nacosconfig/orders.yaml published to the dataId orders.yaml',
      ],
    },
    {
      title: 'lists the events of an object',
      run: 'events --for=nacosconfig/orders.yaml',
      shows: ['NacosConfig/orders.yaml', 'published to the dataId'],
    },
    {
      title: 'selects events by their object',
      run: 'get events --field-selector=involvedObject.name=orders.yaml,type=Normal -o name',
      shows: ['event/orders.1'],
    },
    {
      title: 'selects events by another object',
      run: 'get events --field-selector=involvedObject.name=users.yaml',
      shows: ['No resources found'],
    },
  ],
};
