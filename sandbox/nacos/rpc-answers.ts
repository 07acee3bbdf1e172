/**
 * The shapes of answers over gRPC: each request has an answer type of its own, which also carries most failures; the rest
 * are an `ErrorResponse`. (Nacos 2.3 and 3.1, as seen.)
 */
import type { Json, RpcAnswer } from './rpc.ts';

interface AnswerType {
  readonly type: string;
  /** What the answer has even when it is a failure. */
  readonly always?: Json;
  /** Any client may send it, whoever it is. @default false */
  readonly open?: boolean;
}

const answerTypes: Readonly<Record<string, AnswerType | undefined>> = {
  HealthCheckRequest: { type: 'HealthCheckResponse', open: true },
  ConfigQueryRequest: { type: 'ConfigQueryResponse', always: { lastModified: 0, beta: false } },
  ConfigPublishRequest: { type: 'ConfigPublishResponse' },
  ConfigRemoveRequest: { type: 'ConfigRemoveResponse' },
  ConfigBatchListenRequest: { type: 'ConfigChangeBatchListenResponse', always: { changedConfigs: [] } },
  ConfigFuzzyWatchRequest: { type: 'ConfigFuzzyWatchResponse' },
  InstanceRequest: { type: 'InstanceResponse' },
  BatchInstanceRequest: { type: 'BatchInstanceResponse' },
  PersistentInstanceRequest: { type: 'InstanceResponse' },
  SubscribeServiceRequest: { type: 'SubscribeServiceResponse' },
  ServiceQueryRequest: { type: 'QueryServiceResponse' },
  ServiceListRequest: { type: 'ServiceListResponse', always: { count: 0 } },
  NamingFuzzyWatchRequest: { type: 'NamingFuzzyWatchResponse' },
};

/** Whether a request is served without a login. */
export function isOpen(requestType: string): boolean {
  return answerTypes[requestType]?.open === true;
}

/** A success, with what it tells. */
export function succeeded(type: string, fields: Json = {}): RpcAnswer {
  return { type, body: { resultCode: 200, errorCode: 0, ...fields, success: true } };
}

/** A failure in the answer type of the request. */
export function refused(requestType: string, errorCode: number, message: string, fields: Json = {}): RpcAnswer {
  const { type, always } = answerTypes[requestType] ?? { type: 'ErrorResponse' };
  return { type, body: { resultCode: 500, errorCode, message, ...always, ...fields, success: false } };
}

/** A failure that has nothing to do with the kind of the request. */
export function errorResponse(errorCode: number, message: string, resultCode = 500): RpcAnswer {
  return { type: 'ErrorResponse', body: { resultCode, errorCode, message, success: false } };
}
