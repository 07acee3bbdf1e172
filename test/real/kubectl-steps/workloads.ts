/**
 * Deployments and what hangs on them: pods that become ready, scaling, rolling out, deleting with and without dependents.
 */
import { deployment, documents, event, service } from './manifests.ts';
import type { Chapter } from './step.ts';

const pods = 'get pods -l app=web';
/** What would need a container that runs. */
const simulated = { only: 'embedded', code: 1, shows: ['is simulated and runs nothing'] } as const;

export const workloads: Chapter = {
  title: 'runs workloads',
  namespace: 'workloads',
  steps: [
    {
      title: 'applies a Deployment and its Service',
      run: 'apply -f -',
      input: documents(deployment('web', 2), service('web')),
      shows: ['deployment.apps/web created', 'service/web created'],
    },
    {
      title: 'waits for the rollout',
      run: 'rollout status deployment/web --timeout=20s',
      compare: 'shown',
      shows: ['deployment "web" successfully rolled out'],
    },
    {
      title: 'waits for the Deployment',
      run: 'wait deployment/web --for=condition=Available --timeout=20s',
      shows: ['deployment.apps/web condition met'],
    },
    {
      title: 'waits for the pods',
      run: 'wait pod -l app=web --for=condition=Ready --timeout=20s',
      shows: ['pod/web-HASH-ID condition met'],
    },
    {
      title: 'sees the Deployment',
      run: 'get deployment web',
      shows: ['NAME READY UP-TO-DATE AVAILABLE AGE', 'web 2/2 2 2 AGE'],
    },
    {
      title: 'sees the Deployment wide',
      run: 'get deployment web -o wide',
      shows: ['CONTAINERS IMAGES SELECTOR', 'app registry.example/app:1 app=web'],
    },
    {
      title: 'sees the ReplicaSet',
      run: 'get replicaset -l app=web',
      shows: ['NAME DESIRED CURRENT READY AGE', /2 2 2 AGE/],
    },
    {
      title: 'sees the pods',
      run: pods,
      shows: ['NAME READY STATUS RESTARTS AGE', /(web-HASH-ID 1\/1 Running 0 AGE\n){2}/],
    },
    {
      title: 'sees the pods wide',
      run: `${pods} -o wide`,
      shows: ['IP NODE NOMINATED NODE READINESS GATES', 'POD-IP node-1 <none> <none>'],
    },
    {
      title: 'selects pods by phase',
      run: 'get pods --field-selector=status.phase=Running -o name',
      shows: [/(pod\/web-HASH-ID\n){2}/],
    },
    {
      title: 'selects pods by node',
      run: 'get pods --field-selector=spec.nodeName=nowhere',
      shows: ['No resources found'],
    },
    {
      title: 'sees everything',
      run: 'get all',
      shows: [
        'pod/web-HASH-ID 1/1 Running',
        'service/web ClusterIP',
        'deployment.apps/web 2/2',
        'replicaset.apps/web-HASH 2 2 2',
      ],
    },
    {
      title: 'sees the EndpointSlice',
      run: 'get endpointslices -l kubernetes.io/service-name=web',
      shows: ['NAME ADDRESSTYPE PORTS ENDPOINTS AGE', /IPv4 8080 POD-IP,POD-IP AGE/],
    },
    {
      title: 'reads what a Deployment has become',
      run: 'get deployment web -o yaml',
      shows: [
        'progressDeadlineSeconds: 600',
        'reason: MinimumReplicasAvailable',
        'deployment.kubernetes.io/revision: "1"',
      ],
    },
    // While none is ending: one that goes between the list and the get of it is an error.
    {
      title: 'describes the pods',
      run: 'describe pods -l app=web',
      compare: 'shown',
      shows: ['Node: node-1', 'Status: Running', 'Controlled By: ReplicaSet/web-', 'Ready True', 'Events:'],
    },
    { title: 'is told that a pod has no logs', run: 'logs deployment/web', ...simulated },
    { title: 'is told that nothing is executed in a pod', run: 'exec deployment/web -- ls', ...simulated },
    { title: 'is told that there is nothing to attach to', run: 'attach deployment/web', ...simulated },
    { title: 'is told that no port is forwarded', run: 'port-forward deployment/web :8080', ...simulated },
    { title: 'makes a pod to copy into', run: 'run lone --image=registry.example/app:1', only: 'embedded' },
    { title: 'is told that nothing is copied into a pod', run: 'cp package.json lone:/tmp', ...simulated },
    { title: 'deletes that pod', run: 'delete pod lone --now', only: 'embedded', shows: ['pod "lone" deleted'] },
    { title: 'scales up', run: 'scale deployment web --replicas=3', shows: ['deployment.apps/web scaled'] },
    {
      title: 'waits until it has scaled',
      run: `wait deployment/web '--for=jsonpath={.status.readyReplicas}=3' --timeout=20s`,
      shows: ['condition met'],
    },
    {
      title: 'scales only from what it expects',
      run: 'scale deployment web --current-replicas=2 --replicas=5',
      code: 1,
      shows: ['Expected replicas to be 2, was 3'],
    },
    {
      title: 'reads the scale',
      run: `get deployment web --subresource=scale -o 'jsonpath={.spec.replicas} {.status.replicas} {.status.selector}'`,
      shows: ['3 3 app=web'],
    },
    { title: 'scales down', run: 'scale deployment web --replicas=1', shows: ['scaled'] },
    {
      title: 'waits until it has scaled down',
      run: `wait deployment/web '--for=jsonpath={.status.replicas}=1' --timeout=20s`,
      shows: ['condition met'],
    },
    {
      title: 'describes the Deployment',
      run: 'describe deployment web',
      compare: 'shown',
      shows: [
        'Replicas: 1 desired | 1 updated | 1 total | 1 available | 0 unavailable',
        'StrategyType: RollingUpdate',
        'Image: registry.example/app:1',
        'Events:',
      ],
    },
    {
      title: 'changes the image',
      run: 'set image deployment/web app=registry.example/app:2',
      shows: ['deployment.apps/web image updated'],
    },
    {
      title: 'waits for the new image',
      run: 'rollout status deployment/web --timeout=20s',
      compare: 'shown',
      shows: ['successfully rolled out'],
    },
    {
      title: 'reads the history of rollouts',
      run: 'rollout history deployment/web',
      shows: ['REVISION CHANGE-CAUSE', '1 <none>', '2 <none>'],
    },
    { title: 'restarts', run: 'rollout restart deployment/web', shows: ['deployment.apps/web restarted'] },
    {
      title: 'waits for the restart',
      run: 'rollout status deployment/web --timeout=20s',
      compare: 'shown',
      shows: ['successfully rolled out'],
    },
    {
      title: 'rolls back',
      run: 'rollout undo deployment/web --to-revision=1',
      shows: ['deployment.apps/web rolled back'],
    },
    {
      title: 'waits for the old image',
      run: 'rollout status deployment/web --timeout=20s',
      compare: 'shown',
      shows: ['successfully rolled out'],
    },
    {
      title: 'finds the old image',
      run: `get deployment web -o 'jsonpath={.spec.template.spec.containers[0].image}'`,
      shows: ['registry.example/app:1'],
    },
    {
      title: 'deletes the pods, which come again',
      run: 'delete pod -l app=web',
      compare: 'shown',
      shows: [/pod "web-\S+" deleted/],
    },
    {
      title: 'waits until they are there again',
      run: 'rollout status deployment/web --timeout=20s',
      compare: 'shown',
      shows: ['successfully rolled out'],
    },
    {
      title: 'writes an event of its own',
      run: 'create -f -',
      input: event('web.1', { kind: 'Deployment', apiVersion: 'apps/v1', name: 'web', namespace: 'workloads' }),
      uidOf: 'deployment/web',
    },
    {
      title: 'reads it in the description',
      run: 'describe deployment web',
      compare: 'shown',
      shows: ['Normal Published'],
    },
    {
      title: 'deletes a Deployment without its ReplicaSets',
      run: 'delete deployment web --cascade=orphan',
      shows: ['deployment.apps "web" deleted'],
    },
    {
      title: 'finds the ReplicaSets orphaned',
      run: `get replicaset -l app=web -o 'jsonpath={.items[*].metadata.ownerReferences}'`,
      hides: ['Deployment'],
    },
    {
      title: 'deletes a ReplicaSet after its pods',
      run: 'delete replicaset -l app=web --cascade=foreground --timeout=20s',
      shows: ['deleted'],
    },
    { title: 'finds no pod', run: pods, shows: ['No resources found in workloads namespace.'] },
    { title: 'deletes a Service', run: 'delete service web', shows: ['service "web" deleted'] },
    {
      title: 'waits until its slices are gone',
      run: 'wait endpointslices -l kubernetes.io/service-name=web --for=delete --timeout=20s',
    },
    { title: 'makes a Deployment that is soon deleted', run: 'apply -f -', input: deployment('brief', 1) },
    {
      title: 'waits for it',
      run: 'rollout status deployment/brief --timeout=20s',
      compare: 'shown',
      shows: ['successfully rolled out'],
    },
    { title: 'deletes it with all that hangs on it', run: 'delete deployment brief', shows: ['"brief" deleted'] },
    { title: 'waits for its pods to go', run: 'wait pod -l app=brief --for=delete --timeout=20s', compare: 'shown' },
  ],
};
