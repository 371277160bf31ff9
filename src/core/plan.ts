import type { NotificationDocument, Rule } from './notification.ts';

/** A plan is data: shown, printed as JSON, applied step by step. */
export interface Plan {
  readonly steps: readonly Step[];
}

export interface Step {
  /** Public: stands in `data.steps[].id`. */
  readonly id: string;
  /** "Create bucket demo in eu-west-1": reads well alone. */
  readonly title: string;
  readonly change: 'create' | 'update' | 'delete' | 'none';
  /** Ids of the steps that must be done before. Steps of a plan that are not related run together. */
  readonly after: readonly string[];
  /** Steps that must be done before the step's last look at AWS; that look runs beside the rest of `after`. */
  readonly lookAfter?: readonly string[];
  readonly action: StepAction;
}

export type StepAction =
  | { readonly kind: 'create-bucket'; readonly bucket: string; readonly region: string }
  | {
      readonly kind: 'create-log-group';
      readonly group: string;
      readonly retentionDays: number;
      /** It is there, and only its retention has to be set. */
      readonly exists: boolean;
    }
  | { readonly kind: 'create-role'; readonly role: string; readonly trust: string }
  | {
      readonly kind: 'put-role-policy';
      readonly role: string;
      readonly policy: string;
      readonly document: string;
    }
  | {
      readonly kind: 'create-function';
      readonly name: string;
      readonly runtime: string;
      readonly roleArn: string;
    }
  | {
      readonly kind: 'create-queue';
      readonly name: string;
      readonly arn: string;
      /** Text of its policy; undefined for one that no service sends to. */
      readonly policy: string | undefined;
      /** The queue that takes what was received too often without success; undefined for none. */
      readonly deadLetterArn?: string | undefined;
    }
  | {
      readonly kind: 'create-topic';
      readonly name: string;
      readonly arn: string;
      readonly policy: string;
    }
  | {
      readonly kind: 'put-statement';
      readonly target: PolicyTarget;
      /** Merged into what stands there at that moment: appended, or in the place of the one with its Sid. */
      readonly statement: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'add-permission'; readonly permission: Permission; readonly replaces: boolean }
  | {
      readonly kind: 'put-event-rule';
      readonly rule: EventRule;
      /** What an update would take away if it were left out; undefined for a rule that is to be created. */
      readonly keeps: EventRuleSettings | undefined;
    }
  | { readonly kind: 'put-event-target'; readonly rule: string; readonly target: EventTarget }
  /** Without the rule itself when others have targets on it. */
  | { readonly kind: 'remove-event-rule'; readonly rule: string; readonly withRule: boolean }
  | { readonly kind: 'put-redrive'; readonly queue: string; readonly deadLetterArn: string }
  | { readonly kind: 'remove-redrive'; readonly queue: string; readonly deadLetterArn: string }
  | { readonly kind: 'put-on-failure'; readonly destination: FunctionDestination }
  | { readonly kind: 'remove-on-failure'; readonly destination: FunctionDestination }
  | { readonly kind: 'enable-versioning'; readonly bucket: string }
  | {
      readonly kind: 'put-notification';
      readonly bucket: string;
      /** What was read when the plan was made: the write is refused when it has changed since. */
      readonly before: NotificationDocument;
      readonly after: NotificationDocument;
    }
  | {
      readonly kind: 'remove-permission';
      readonly permission: Pick<Permission, 'functionName' | 'qualifier' | 'statementId'>;
    }
  | { readonly kind: 'remove-statement'; readonly target: PolicyTarget; readonly sid: string }
  | { readonly kind: 'delete-queue'; readonly arn: string }
  | { readonly kind: 'delete-topic'; readonly arn: string }
  | { readonly kind: 'delete-function'; readonly name: string }
  | { readonly kind: 'delete-log-group'; readonly group: string }
  | { readonly kind: 'delete-role'; readonly role: string; readonly inlinePolicies: readonly string[] }
  | { readonly kind: 'delete-bucket'; readonly bucket: string; readonly objects: readonly ObjectVersion[] };

/** What has a policy of its own that statements are merged into. */
export interface PolicyTarget {
  readonly kind: 'sqs' | 'sns' | 'kms';
  readonly arn: string;
}

export interface Permission {
  readonly functionName: string;
  /** The version or alias that the rule names: every one has a resource-based policy of its own. */
  readonly qualifier: string | undefined;
  readonly statementId: string;
  /** The service that may invoke the function. */
  readonly principal: 's3.amazonaws.com' | 'events.amazonaws.com';
  readonly sourceArn: string;
  /** Undefined where the ARN names the account already. */
  readonly sourceAccount: string | undefined;
}

/** A rule of the default event bus. */
export interface EventRule {
  readonly name: string;
  /** JSON text. */
  readonly pattern: string;
  /** The bucket whose events it takes. */
  readonly bucket: string;
}

export interface EventRuleSettings {
  /** `ENABLED`, `DISABLED`, … */
  readonly state: string | undefined;
  readonly description: string | undefined;
  readonly roleArn: string | undefined;
}

export interface EventTarget {
  readonly arn: string;
  /** Only for a FIFO queue. */
  readonly messageGroupId: string | undefined;
}

/** Where Lambda sends the record of an asynchronous invocation that failed for good. */
export interface FunctionDestination {
  readonly functionName: string;
  /** Every version and alias has a configuration of its own. */
  readonly qualifier: string | undefined;
  readonly deadLetterArn: string;
}

export interface ObjectVersion {
  readonly key: string;
  readonly versionId: string | undefined;
}

export type StepOutcome = 'planned' | 'applied' | 'unchanged' | 'failed' | 'undone' | 'undo-failed';

/** A step as it stands in results. */
export interface StepReport {
  readonly id: string;
  readonly title: string;
  readonly change: Step['change'];
  readonly outcome: StepOutcome;
}

export function changes(plan: Plan): readonly Step[] {
  return plan.steps.filter((step) => step.change !== 'none');
}

export function reports(plan: Plan, outcomes: ReadonlyMap<string, StepOutcome>): readonly StepReport[] {
  return plan.steps.map(({ id, title, change }) => ({
    id,
    title,
    change,
    outcome: outcomes.get(id) ?? (change === 'none' ? 'unchanged' : 'planned'),
  }));
}

/** A rule as it stands in results. */
export interface RuleReport {
  readonly id: string;
  readonly events: readonly string[];
  readonly prefix: string | null;
  readonly suffix: string | null;
  readonly destination: Rule['destination'];
}

export function ruleReport(rule: Rule): RuleReport {
  return {
    id: rule.id,
    events: rule.events,
    prefix: rule.filter.prefix ?? null,
    suffix: rule.filter.suffix ?? null,
    destination: rule.destination,
  };
}
