/** Who receives a bucket's events: one implementation per service, found by the service part of the ARN. */
export interface EventSource {
  /** `arn:aws:s3:::bucket`, the value of aws:SourceArn. */
  readonly bucketArn: string;
  /** The bucket owner's account, the value of aws:SourceAccount. */
  readonly account: string;
  readonly region: string;
  /** `X-Amzn-Trace-Id` of the request that caused the event: Lambda finds recursive loops by it. */
  readonly traceHeader?: string | undefined;
}

export interface Destination {
  /**
   * What PutBucketNotificationConfiguration finds wrong with this destination: the numbered pair of the error
   * (`ArgumentName1`/`ArgumentValue1`), or undefined when S3 may deliver.
   */
  check(arn: string, source: EventSource): { name: string; value: string } | undefined;
  /**
   * Hands one message over. Resolves with a reason when the destination refused it (S3 drops the event silently).
   * `attempted` work that goes on afterwards (an asynchronous invocation) is tracked through `env.work`.
   */
  deliver(arn: string, message: string, source: EventSource): Promise<{ refused: string } | undefined>;
}

export type Destinations = Readonly<Partial<Record<'lambda' | 'sqs' | 'sns', Destination>>>;
