/**
 * All that the checks of `doctor` and `trace` may know, as plain JSON: `--save-facts` writes it, `--facts` reads it. A member that is
 * undefined was not read, since nothing pointed to it; what could not be read is a reading that says so.
 * Times are epoch milliseconds, sizes bytes, unless a name says otherwise.
 */
import type { NotificationDocument, Rule } from '../notification.ts';
import type { Reading } from './reading.ts';

export interface DoctorFacts {
  readonly schemaVersion: 1;
  /** When it was read, by the clock of this machine. */
  readonly at: number;
  readonly question: Question;
  readonly target: TargetFacts;
  readonly identity: Reading<{ readonly account: string; readonly arn: string }>;
  readonly bucket: BucketNode;
  /** Only when a key was asked about. */
  readonly object?: ObjectNode | undefined;
  /** By ARN as it stands in the rule, subscription, target or mapping that leads there, qualifier included. */
  readonly functions: Readonly<Record<string, FunctionNode>>;
  readonly queues: Readonly<Record<string, QueueNode>>;
  readonly topics: Readonly<Record<string, TopicNode>>;
  /** By id as it was written at the resource: id, ARN or alias. */
  readonly keys: Readonly<Record<string, KeyNode>>;
  /** By ARN. */
  readonly roles: Readonly<Record<string, RoleNode>>;
  /** Rules for events of S3, of the default bus and of others, in the bucket's Region and account. */
  readonly eventRules?: Reading<readonly EventRuleNode[]> | undefined;
  /** Names of all event buses. */
  readonly eventBuses?: Reading<readonly string[]> | undefined;
  readonly metrics?: Reading<readonly MetricSeries[]> | undefined;
  /** Newest first; only when something had to be explained. */
  readonly trail?: Reading<readonly TrailEvent[]> | undefined;
  /** What was left out on purpose, in whole clauses: `the logs of 15 functions were not read`. */
  readonly notes: readonly string[];
  readonly accountConcurrency?: Reading<{ readonly limit: number; readonly unreserved: number }> | undefined;
}

export interface Question {
  readonly bucket: string;
  /** Decoded. */
  readonly key?: string | undefined;
  readonly versionId?: string | undefined;
  /** What was done to the object, where the caller knows: `put`, `copy`, `multipart`, `post`, `delete`, `tag`, `acl`, `restore`, … */
  readonly operation?: string | undefined;
  /** ARN of the function, queue or topic that should get the events. */
  readonly expected?: string | undefined;
  readonly ruleId?: string | undefined;
  /** How far back logs and metrics are looked at. */
  readonly since: number;
  /** Rules of this bucket that the project file remembers. */
  readonly remembered: readonly Rule[];
  /** A document that somebody wants to put, to be judged beside the live one. */
  readonly intended?: NotificationDocument | undefined;
}

export interface TargetFacts {
  /** The Region of the call, before the bucket's own was known. */
  readonly region: string;
  readonly profile?: string | undefined;
  /** A custom endpoint; undefined for AWS itself, by whatever endpoint of its own. */
  readonly endpointUrl?: string | undefined;
  readonly sandbox: boolean;
  /** Services that go to AWS while the others go to a custom endpoint, or the reverse. */
  readonly strayEndpoints?: readonly string[] | undefined;
  /** How far this machine's clock is ahead of the service's. */
  readonly clockAheadMs?: number | undefined;
}

export interface BucketNode {
  readonly name: string;
  /** `kind` is set for other kinds than general purpose buckets, as S3 answers it. */
  readonly head: Reading<{ readonly region: string; readonly kind?: string | undefined }>;
  /** Of the caller's buckets the one that is called much like it; looked for when it is not there. */
  readonly near?: string | undefined;
  /** Twelve digits. Known when the bucket is proven to be the caller's, or the owner was given. */
  readonly owner: Reading<string>;
  readonly notification: Reading<NotificationDocument>;
  readonly versioning?: Reading<'Enabled' | 'Suspended' | 'Off'> | undefined;
  readonly sample?: Reading<Sample> | undefined;
  /** Multipart uploads that were begun and not completed; with a key in question only those of that key. */
  readonly uploads?: Reading<readonly OpenUpload[]> | undefined;
  readonly lifecycle?: Reading<readonly LifecycleRule[]> | undefined;
  readonly replication?: Reading<readonly ReplicationRule[]> | undefined;
  /** JSON text of the bucket policy. */
  readonly policy?: Reading<string> | undefined;
  /** `BucketOwnerEnforced`, `BucketOwnerPreferred`, `ObjectWriter`. */
  readonly ownership?: Reading<string> | undefined;
}

/** The first page of versions: S3 lists by key, not by time. */
export interface Sample {
  /** Objects, their versions and delete markers. */
  readonly entries: readonly VersionEntry[];
  /** There are more than these. */
  readonly truncated: boolean;
}

export interface VersionEntry {
  readonly key: string;
  /** `null` without versioning. */
  readonly versionId: string;
  readonly latest: boolean;
  readonly deleteMarker: boolean;
  readonly modified: number;
  readonly size: number;
  /** Without quotes; ends with `-N` when it was uploaded in N parts. */
  readonly eTag?: string | undefined;
  readonly storageClass?: string | undefined;
  /** Canonical user id, where S3 says. */
  readonly owner?: string | undefined;
}

export interface OpenUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly initiated: number;
}

export interface LifecycleRule {
  readonly id: string;
  readonly enabled: boolean;
  readonly prefix: string;
  readonly expires: boolean;
  readonly transitions: boolean;
}

export interface ReplicationRule {
  readonly id: string;
  readonly enabled: boolean;
  readonly destination: string;
  readonly metrics: boolean;
  readonly timeControl: boolean;
}

export interface ObjectNode {
  readonly key: string;
  readonly head: Reading<ObjectHead>;
  /** Versions and delete markers of this very key, newest first. */
  readonly versions: Reading<readonly VersionEntry[]>;
  /** Keys that are much like it, nearest first; read when it is not there. */
  readonly near?: Reading<readonly string[]> | undefined;
  /** Canonical user id of the object's owner; read when the bucket's ownership allows others. */
  readonly owner?: Reading<{ readonly object: string; readonly bucket: string }> | undefined;
}

export interface ObjectHead {
  readonly size: number;
  readonly modified: number;
  readonly eTag: string;
  readonly versionId?: string | undefined;
  readonly storageClass?: string | undefined;
  readonly archiveStatus?: string | undefined;
  /** The header as S3 answers it: `ongoing-request="false", …`. */
  readonly restore?: string | undefined;
  readonly replicationStatus?: string | undefined;
  readonly kmsKeyId?: string | undefined;
  /** The header `x-amz-expiration`. */
  readonly expiration?: string | undefined;
}

export interface FunctionNode {
  /** With the qualifier that leads there. */
  readonly arn: string;
  readonly name: string;
  readonly qualifier?: string | undefined;
  /** Of the function itself ($LATEST). */
  readonly configuration: Reading<FunctionConfiguration>;
  /** Of the version or alias; undefined without a qualifier. */
  readonly qualified?: Reading<FunctionConfiguration> | undefined;
  /** When the qualifier is an alias. */
  readonly alias?:
    Reading<{ readonly version: string; readonly weights: Readonly<Record<string, number>> }> | undefined;
  /** JSON text of the resource-based policy of that qualifier (or of the function). */
  readonly policy: Reading<string>;
  /** Policies of the function and of its other qualifiers: read when `policy` does not admit the sender. */
  readonly otherPolicies?:
    Reading<readonly { readonly qualifier: string | undefined; readonly policy: string }[]> | undefined;
  /** Reserved concurrency; absent when there is none. */
  readonly concurrency?: Reading<number> | undefined;
  readonly eventInvoke?: Reading<readonly EventInvokeConfiguration[]> | undefined;
  readonly recursion?: Reading<'Allow' | 'Terminate'> | undefined;
  /** Number of the newest published version; read when a version is named. */
  readonly newestVersion?: Reading<string> | undefined;
  readonly log?: LogNode | undefined;
}

export interface FunctionConfiguration {
  readonly state: string;
  readonly stateReason?: string | undefined;
  readonly stateReasonCode?: string | undefined;
  readonly lastUpdateStatus?: string | undefined;
  readonly lastUpdateReason?: string | undefined;
  readonly lastUpdateReasonCode?: string | undefined;
  readonly lastModified?: number | undefined;
  readonly version: string;
  readonly roleArn: string;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly ephemeralMb: number;
  readonly handler?: string | undefined;
  readonly runtime?: string | undefined;
  readonly packageType: string;
  readonly kmsKeyArn?: string | undefined;
  readonly hasEnvironment: boolean;
  readonly deadLetterArn?: string | undefined;
  readonly subnetIds: readonly string[];
  readonly fileSystems: readonly string[];
  /** `PER_TENANT` and the like; undefined for ordinary functions. */
  readonly tenantIsolation?: string | undefined;
  readonly logGroup: string;
  readonly logFormat: string;
  readonly systemLogLevel?: string | undefined;
}

export interface EventInvokeConfiguration {
  /** `$LATEST`, a version or an alias. */
  readonly qualifier: string;
  readonly maximumAgeSeconds?: number | undefined;
  readonly maximumRetries?: number | undefined;
  readonly onFailure?: string | undefined;
  readonly onSuccess?: string | undefined;
}

export interface LogNode {
  readonly name: string;
  readonly group: Reading<{
    readonly createdAt?: number | undefined;
    readonly retentionDays?: number | undefined;
    /** `STANDARD`, `INFREQUENT_ACCESS`, `DELIVERY`. */
    readonly class: string;
  }>;
  readonly seen: Reading<LogSeen>;
}

/** What a bounded look at the log since `question.since` found. */
export interface LogSeen {
  readonly lines: number;
  /** There was more than was read. */
  readonly truncated: boolean;
  readonly records: readonly SeenRecord[];
  readonly invocations: readonly SeenInvocation[];
  readonly errors: readonly SeenError[];
}

export interface SeenRecord {
  readonly time: number;
  /** Of the invocation. */
  readonly invocation?: string | undefined;
  readonly stream: string;
  /** Without `s3:`. */
  readonly eventName: string;
  readonly eventTime?: string | undefined;
  readonly bucket: string;
  readonly key: string;
  readonly rawKey: string;
  readonly sequencer?: string | undefined;
  readonly versionId?: string | undefined;
  readonly eTag?: string | undefined;
  readonly configurationId?: string | undefined;
  /** `x-amz-request-id` of the request that caused it. */
  readonly requestId?: string | undefined;
  /** Who caused it, as the record says: `AWS:AROA…:session`. */
  readonly principalId?: string | undefined;
  /** Envelopes, outermost first. */
  readonly via: readonly string[];
}

export interface SeenInvocation {
  readonly requestId: string;
  /** Times of its START lines: more than one when Lambda tried again. */
  readonly starts: readonly number[];
  readonly stream: string;
  readonly version?: string | undefined;
  readonly report?:
    | {
        readonly time: number;
        readonly durationMs: number;
        readonly memoryMb: number;
        readonly maxMemoryMb: number;
        readonly status: 'ok' | 'error' | 'timeout';
        readonly errorType?: string | undefined;
      }
    | undefined;
}

export interface SeenError {
  readonly time: number;
  readonly invocation?: string | undefined;
  readonly stream: string;
  /** `KeyError`, `Runtime.ImportModuleError`, `Sandbox.Timedout`; empty for a line that only speaks of a refusal. */
  readonly type: string;
  /** Remote text. */
  readonly message: string;
}

export interface QueueNode {
  readonly arn: string;
  readonly attributes: Reading<QueueAttributes>;
  /** Event source mappings that read it. */
  readonly mappings?: Reading<readonly MappingNode[]> | undefined;
}

export interface QueueAttributes {
  readonly url: string;
  readonly policy?: string | undefined;
  readonly kmsKeyId?: string | undefined;
  readonly maximumMessageSize: number;
  readonly visibilitySeconds: number;
  readonly delaySeconds: number;
  readonly retentionSeconds: number;
  readonly deadLetterArn?: string | undefined;
  readonly maxReceiveCount?: number | undefined;
  readonly waiting: number;
  readonly inFlight: number;
}

export interface MappingNode {
  readonly uuid: string;
  readonly functionArn: string;
  /** Creating, Enabling, Enabled, Disabling, Disabled, Updating, Deleting. */
  readonly state: string;
  /** When it was changed last, switched on or off included. */
  readonly modified?: number | undefined;
  readonly transitionReason?: string | undefined;
  readonly lastResult?: string | undefined;
  readonly batchSize: number;
  readonly windowSeconds: number;
  /** JSON texts. */
  readonly filters: readonly string[];
  readonly filterError?: string | undefined;
  readonly reportsItemFailures: boolean;
}

export interface TopicNode {
  readonly arn: string;
  readonly attributes: Reading<{
    readonly policy?: string | undefined;
    readonly kmsKeyId?: string | undefined;
  }>;
  readonly subscriptions?: Reading<readonly SubscriptionNode[]> | undefined;
}

export interface SubscriptionNode {
  /** Undefined while it waits for its confirmation. */
  readonly arn?: string | undefined;
  readonly protocol: string;
  readonly endpoint: string;
  readonly attributes?:
    | Reading<{
        readonly raw: boolean;
        readonly filterPolicy?: string | undefined;
        readonly filterScope: 'MessageAttributes' | 'MessageBody';
        readonly deadLetterArn?: string | undefined;
      }>
    | undefined;
}

export interface KeyNode {
  readonly id: string;
  readonly key: Reading<{ readonly arn: string; readonly manager: string; readonly state: string }>;
  /** JSON text. */
  readonly policy?: Reading<string> | undefined;
}

export interface RoleNode {
  readonly arn: string;
  readonly role: Reading<{
    /** JSON text of the trust policy. */
    readonly trust: string;
    readonly createdAt?: number | undefined;
    readonly boundary?: string | undefined;
  }>;
  /** Of what its functions need. */
  readonly simulated?: Reading<readonly Simulation[]> | undefined;
}

export interface Simulation {
  readonly action: string;
  readonly resource: string;
  readonly decision: 'allowed' | 'explicitDeny' | 'implicitDeny';
  readonly deniedBy?: 'boundary' | 'organization' | undefined;
}

export interface EventRuleNode {
  readonly name: string;
  readonly arn: string;
  readonly bus: string;
  /** JSON text; undefined for a schedule. */
  readonly pattern?: string | undefined;
  /** `ENABLED`, `DISABLED`, `ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS`. */
  readonly state: string;
  readonly roleArn?: string | undefined;
  readonly targets: Reading<readonly TargetNode[]>;
}

export interface TargetNode {
  readonly id: string;
  readonly arn: string;
  readonly roleArn?: string | undefined;
  /** Something else than the event is sent: Input, InputPath or InputTransformer. */
  readonly rewritten: boolean;
  readonly deadLetterArn?: string | undefined;
  readonly retries?: number | undefined;
  readonly maximumAgeSeconds?: number | undefined;
  readonly messageGroupId?: string | undefined;
}

export interface MetricSeries {
  /** `AWS/Lambda`, `AWS/SQS`, `AWS/SNS`, `AWS/Events`. */
  readonly namespace: string;
  readonly name: string;
  /** Value of its dimension: name of the function, queue, topic or rule. */
  readonly of: string;
  /** Start of the period and its value (Sum; Maximum for ages, concurrency and counts of messages that wait), oldest first. */
  readonly points: readonly (readonly [time: number, value: number])[];
}

export interface TrailEvent {
  readonly time: number;
  /** `PutBucketNotification`, `RemovePermission20150331v2`, … */
  readonly name: string;
  readonly user: string;
  /** Names and ARNs of what was changed. */
  readonly resources: readonly string[];
  /** As CloudTrail has it. */
  readonly requestParameters?: unknown;
  /** Set when the request was refused: then nothing changed. */
  readonly errorCode?: string | undefined;
}
