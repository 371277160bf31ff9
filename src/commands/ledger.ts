import type { Applied } from '../aws/apply-plan.ts';
import type { Target } from '../aws/target.ts';
import { hasCode, S3evtError } from '../core/errors.ts';
import type { DesiredRules, InitPlan } from '../core/init-plan.ts';
import { diffDocuments } from '../core/notification.ts';
import type { Plan, Step, StepAction, StepOutcome } from '../core/plan.ts';
import type { MadeResource, Project, ProjectSettings } from '../project/project-file.ts';
import { sameHome } from './project-home.ts';

/** The project file keeps what s3evt made, oldest first: `destroy` removes that and nothing else. */
export function settingsFor(
  project: Project,
  now: {
    readonly plan: InitPlan;
    readonly desired: DesiredRules;
    readonly target: Target;
    /** Further rules leave the bucket that commands take by default what it is. */
    readonly adds: boolean;
  },
): ProjectSettings {
  const { plan, desired, target } = now;
  const current = project.current();
  const former = sameHome(current, desired.account, target) ? current : undefined;
  const profile = target.profile?.source === 'flag' ? target.profile.value : former?.profile;
  const making = plan.steps.flatMap((step) => (step.change === 'none' ? [] : madeBy(step)));
  return {
    version: 1,
    bucket: (now.adds ? former?.bucket : undefined) ?? desired.bucket,
    region: desired.region,
    account: desired.account,
    ...(profile === undefined ? {} : { profile }),
    ...home(target),
    ...functionOf(plan, former),
    made: merge(former?.made ?? [], making),
  };
}

/** The function that `tail` follows by default: one that was named once stays so beside queues and topics. */
function functionOf(plan: InitPlan, former: ProjectSettings | undefined): Pick<ProjectSettings, 'function'> {
  const name = plan.function?.name ?? former?.function;
  return name === undefined ? {} : { function: name };
}

/** On a local AWS the address changes from run to run; any other endpoint is kept, so that no later command falls through to AWS. */
function home(target: Target): Pick<ProjectSettings, 'sandbox' | 'endpointUrl'> {
  if (target.sandbox) return { sandbox: true };
  return target.endpointUrl === undefined ? {} : { endpointUrl: target.endpointUrl.value };
}

/** What the project remembers of this account and endpoint. Ask before a plan is applied: see `ledgerAfter`. */
export function madeBefore(project: Project, account: string, target: Target): readonly MadeResource[] {
  const current = project.current();
  return sameHome(current, account, target) ? (current?.made ?? []) : [];
}

/**
 * The settings without what the plan did not make: by steps that were not begun, and by those that were refused for certain. A
 * request that was cut off without an answer may have been carried out, so its entry stays; and so does what was `before`.
 */
export function ledgerAfter(
  settings: ProjectSettings,
  plan: Pick<InitPlan, 'steps'>,
  { outcomes, failures }: Pick<Applied, 'outcomes' | 'failures'>,
  before: readonly MadeResource[],
): ProjectSettings {
  const unmade = plan.steps
    .filter(
      (step) =>
        step.change !== 'none' &&
        (outcomes.get(step.id) === undefined || madeNothing(step.action.kind, failures.get(step.id))),
    )
    .flatMap(madeBy)
    .filter((made) => !before.some((other) => sameResource(made, other)));
  return {
    ...settings,
    made: (settings.made ?? []).filter((made) => !unmade.some((other) => sameResource(made, other))),
  };
}

/** The call that makes it, of steps that call again afterwards: a refusal of the later ones takes nothing back. */
const MAKING_CALLS: Readonly<Partial<Record<StepAction['kind'], string>>> = {
  'create-log-group': 'logs:CreateLogGroup',
  'put-notification': 's3:PutBucketNotification',
};

/** Whether the step changed nothing: AWS answered its one try with a 4xx, or s3evt itself gave up before the write. */
function madeNothing(kind: StepAction['kind'], error: unknown): boolean {
  if (hasCode(error, 'CONFIGURATION_CHANGED', 'OWNED_BY_OTHERS')) return true;
  if (!(error instanceof S3evtError) || error.aws === undefined) return false;
  const { action, attempts = 1, status = 0 } = error.aws;
  const making = MAKING_CALLS[kind];
  return status >= 400 && status < 500 && attempts === 1 && (making === undefined || making === action);
}

function madeBy(step: Step): readonly MadeResource[] {
  const { action } = step;
  switch (action.kind) {
    case 'create-bucket':
      return [{ kind: 'bucket', name: action.bucket }];
    case 'create-log-group':
      return [{ kind: 'log-group', name: action.group }];
    case 'create-role':
      return [{ kind: 'role', name: action.role }];
    case 'create-function':
      return [{ kind: 'function', name: action.name }];
    case 'create-queue':
      return [
        { kind: 'queue', name: action.arn },
        ...(action.deadLetterArn === undefined
          ? []
          : ([{ kind: 'redrive', name: action.arn, function: action.deadLetterArn }] as const)),
      ];
    case 'create-topic':
      return [{ kind: 'topic', name: action.arn }];
    case 'put-statement':
      return [{ kind: 'statement', name: String(action.statement['Sid']), function: action.target.arn }];
    case 'add-permission': {
      const { functionName, qualifier, statementId } = action.permission;
      return [
        {
          kind: 'permission',
          name: statementId,
          function: qualifier === undefined ? functionName : `${functionName}:${qualifier}`,
        },
      ];
    }
    case 'put-notification':
      // A rule that served already, or that somebody else's id names, was not made here.
      return madeInDocument(action);
    case 'put-event-rule':
      return [{ kind: 'event-rule', name: action.rule.name, bucket: action.rule.bucket }];
    case 'put-redrive':
      return [{ kind: 'redrive', name: action.queue, function: action.deadLetterArn }];
    case 'put-on-failure': {
      const { functionName, qualifier, deadLetterArn } = action.destination;
      const name = qualifier === undefined ? functionName : `${functionName}:${qualifier}`;
      return [{ kind: 'on-failure', name, function: deadLetterArn }];
    }
    case 'enable-versioning':
      return [{ kind: 'versioning', name: action.bucket }];
    default:
      return [];
  }
}

function madeInDocument({
  bucket,
  before,
  after,
}: Extract<StepAction, { kind: 'put-notification' }>): readonly MadeResource[] {
  const { added, eventBridge } = diffDocuments(before, after);
  const rules = added.map((rule): MadeResource => ({
    kind: 'rule',
    name: rule.id,
    bucket,
    function: rule.destination.arn,
  }));
  return eventBridge === 'enabled' ? [...rules, { kind: 'eventbridge', name: bucket, bucket }] : rules;
}

export function sameResource(a: MadeResource, b: MadeResource): boolean {
  return a.kind === b.kind && a.name === b.name && a.function === b.function && a.bucket === b.bucket;
}

/** Takes out of the ledger what a plan of `rm` removed. */
export function forgetMade(
  project: Project,
  bucket: string,
  plan: Plan,
  outcomes: ReadonlyMap<string, StepOutcome>,
): void {
  const settings = project.current();
  if (!settings?.made) return;
  const gone = plan.steps.flatMap(({ id, action }): readonly MadeResource[] => {
    if (outcomes.get(id) !== 'applied' && outcomes.get(id) !== 'unchanged') return [];
    switch (action.kind) {
      case 'put-notification':
        return diffDocuments(action.before, action.after).removed.map((rule) => ({
          kind: 'rule',
          name: rule.id,
          bucket,
          function: rule.destination.arn,
        }));
      case 'remove-permission': {
        const { functionName, qualifier, statementId } = action.permission;
        const name = qualifier === undefined ? functionName : `${functionName}:${qualifier}`;
        return [{ kind: 'permission', name: statementId, function: name }];
      }
      case 'remove-statement':
        return [{ kind: 'statement', name: action.sid, function: action.target.arn }];
      default:
        return [];
    }
  });
  const made = settings.made.filter((entry) => !gone.some((other) => sameResource(entry, other)));
  if (made.length !== settings.made.length) project.save({ ...settings, made });
}

function merge(kept: readonly MadeResource[], making: readonly MadeResource[]): readonly MadeResource[] {
  return [...kept, ...making.filter((made) => !kept.some((other) => sameResource(made, other)))];
}
