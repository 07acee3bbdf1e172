/** What @kubernetes/client-node is taken for. A module of its own, because only who reads a kubeconfig should load that package. */
export { KubeConfig } from '@kubernetes/client-node';
