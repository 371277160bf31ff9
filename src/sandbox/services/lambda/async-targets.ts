/** What Lambda needs of the services that it sends dead letters and records of asynchronous invocations to. */
import type { EventsService } from '../events/service.ts';
import type { SnsService } from '../sns/service.ts';
import type { SqsService } from '../sqs/service.ts';

export type Refusal = { readonly refused: string } | undefined;

/** A bucket as a destination of failure records. */
export interface RecordBucket {
  exists(bucket: string): boolean;
  /** Creates the object with the rights of the role, like PutObject: its notifications are sent too. */
  put(
    bucket: string,
    key: string,
    body: string,
    options: { readonly roleArn: string; readonly traceHeader: string | undefined },
  ): Promise<Refusal>;
}

/** A service that is left out has no queue, topic, bus or bucket at all. */
export interface AsyncTargets {
  readonly sqs?: Pick<SqsService, 'send' | 'consume'>;
  readonly sns?: Pick<SnsService, 'publish' | 'exists'>;
  readonly events?: Pick<EventsService, 'putServiceEvent' | 'exists'>;
  readonly s3?: RecordBucket;
}

/**
 * Why the identity policies of an execution role do not let it do that (`sqs:SendMessage` on the ARN of a queue);
 * undefined when they do.
 */
export type RoleMay = (roleArn: string, action: string, resource: string) => string | undefined;
