/**
 * What a person asks first: where am I, what is there, what does it mean, may I.
 */
import type { Chapter } from './step.ts';

export const cluster: Chapter = {
  title: 'looks around',
  namespace: 'around',
  steps: [
    { title: 'applies CRDs', run: 'apply -f crds', shows: ['nacosconfigs.bridge.nacos.io created'] },
    {
      title: 'waits until they are established',
      run: 'wait --for=condition=Established --timeout=20s -f crds',
      shows: ['nacosservices.bridge.nacos.io condition met'],
    },
    {
      title: 'applies the same CRDs again without a change',
      run: 'apply -f crds',
      shows: [/nacosconfigs\S+ unchanged/],
    },
    { title: 'says what the columns of a CRD are', run: 'get crd', compare: 'shown', shows: ['NAME CREATED AT'] },
    {
      title: 'tells where the cluster is',
      run: 'cluster-info',
      shows: ['is running at', 'SERVER'],
    },
    {
      title: 'tells its version and that of the server',
      run: 'version',
      compare: 'shown',
      shows: ['Server Version: v1.'],
    },
    { title: 'asks whether the server is ready', run: 'get --raw /readyz', shows: ['ok'] },
    { title: 'asks whether the server lives', run: 'get --raw /livez', shows: ['ok'] },
    {
      title: 'lists the versions of the APIs',
      run: 'api-versions',
      compare: 'shown',
      shows: ['apps/v1\n', 'bridge.nacos.io/v1alpha1\n', 'discovery.k8s.io/v1\n', 'coordination.k8s.io/v1\n', /^v1$/m],
    },
    {
      title: 'lists the resources of the core',
      run: 'api-resources',
      compare: 'shown',
      shows: [
        'NAME SHORTNAMES APIVERSION NAMESPACED KIND',
        'configmaps cm v1 true ConfigMap',
        'namespaces ns v1 false Namespace',
        'pods po v1 true Pod',
        'secrets v1 true Secret',
        'services svc v1 true Service',
        'customresourcedefinitions crd,crds apiextensions.k8s.io/v1 false CustomResourceDefinition',
        'deployments deploy apps/v1 true Deployment',
        'replicasets rs apps/v1 true ReplicaSet',
        'leases coordination.k8s.io/v1 true Lease',
        'endpointslices discovery.k8s.io/v1 true EndpointSlice',
      ],
    },
    {
      title: 'lists the resources of a CRD, with verbs and categories',
      run: 'api-resources --api-group=bridge.nacos.io -o wide',
      shows: ['nacosconfigs ncfg bridge.nacos.io/v1alpha1 true NacosConfig delete,deletecollection,get,list', 'nacos'],
    },
    { title: 'lists the resources of a category', run: 'api-resources --categories=nacos -o name' },
    {
      title: 'explains a built-in kind',
      run: 'explain pod',
      compare: 'shown',
      shows: ['KIND: Pod', 'VERSION: v1', 'spec <PodSpec>'],
    },
    {
      title: 'explains a field of a built-in kind',
      run: 'explain deployment.spec.replicas',
      compare: 'shown',
      shows: ['GROUP: apps', 'FIELD: replicas <integer>'],
    },
    {
      title: 'explains a field in a list',
      run: 'explain pod.spec.containers.image',
      compare: 'shown',
      shows: ['FIELD: image <string>'],
    },
    {
      title: 'explains all fields of a built-in kind at once',
      run: 'explain service.spec.ports --recursive',
      compare: 'shown',
      shows: [
        'FIELD: ports <[]ServicePort>',
        'targetPort <IntOrString>',
        'port <integer> -required-',
        'enum: SCTP, TCP, UDP',
      ],
    },
    {
      title: 'explains a kind of a CRD',
      run: 'explain nacosconfig',
      shows: ['GROUP: bridge.nacos.io', 'KIND: NacosConfig'],
    },
    {
      title: 'explains a field of a CRD',
      run: 'explain nacosconfig.spec.content',
      shows: ['FIELD: content <string>', 'byte for byte'],
    },
    { title: 'explains by a short name', run: 'explain ncfg.spec.mirror', shows: ['put back when it is edited'] },
    {
      title: 'explains all fields of a CRD at once',
      run: 'explain nacosconfig --recursive',
      shows: ['contentFrom', 'configMapKeyRef', 'observedGeneration', 'enum: Fail, Adopt'],
    },
    { title: 'explains all fields of a connection', run: 'explain nacosconnection.spec --recursive' },
    { title: 'explains all fields of a service', run: 'explain nacosservice --recursive' },
    {
      title: 'says that a field does not exist',
      run: 'explain nacosconfig.spec.colour',
      code: 1,
      shows: ['does not exist'],
    },
    {
      title: 'says that a kind does not exist',
      run: 'get teapots',
      code: 1,
      shows: ["the server doesn't have a resource type"],
    },
    { title: 'asks whether it may do something', run: 'auth can-i create nacosconfigs', shows: ['yes'] },
    { title: 'asks whether it may do everything', run: `auth can-i '*' '*' --all-namespaces`, shows: ['yes'] },
    {
      title: 'lists namespaces',
      run: 'get namespaces',
      compare: 'shown',
      shows: ['NAME STATUS AGE', 'default Active AGE', 'kube-system Active'],
    },
    {
      title: 'shows a namespace',
      run: 'get namespace around -o yaml',
      shows: ['kubernetes.io/metadata.name: around', 'phase: Active'],
    },
    {
      title: 'describes a namespace',
      run: 'describe namespace around',
      shows: ['Status: Active', 'No resource quota.'],
    },
    {
      title: 'finds the account that each namespace has',
      run: 'get serviceaccount default',
      shows: ['NAME', 'default'],
    },
    {
      title: 'lists nodes',
      run: 'get nodes',
      compare: 'shown',
      shows: ['NAME STATUS ROLES AGE VERSION', /\S+ Ready <none> AGE \S+/],
    },
    { title: 'asks who it is', run: 'auth whoami', compare: 'shown', shows: ['ATTRIBUTE VALUE', 'system:masters'] },
  ],
};
