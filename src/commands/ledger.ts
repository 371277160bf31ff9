import type { Target } from '../aws/target.ts';
import { S3evtError } from '../core/errors.ts';
import type { DesiredRules, InitPlan } from '../core/init-plan.ts';
import { diffDocuments } from '../core/notification.ts';
import type { Plan, Step, StepAction, StepOutcome } from '../core/plan.ts';
import type { MadeResource, Project, ProjectSettings } from '../project/project-file.ts';

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

/** The settings with only those new entries whose step was done: an untried step made nothing. */
export function ledgerAfter(
  settings: ProjectSettings,
  plan: InitPlan,
  outcomes: ReadonlyMap<string, StepOutcome>,
): ProjectSettings {
  const failed = plan.steps
    .filter((step) => step.change !== 'none' && outcomes.get(step.id) === undefined)
    .flatMap(madeBy);
  return {
    ...settings,
    made: (settings.made ?? []).filter((made) => !failed.some((other) => sameResource(made, other))),
  };
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

const FOREIGN_PROJECT_HINT =
  'Run it in another folder, remove what was made with "s3evt destroy" first, or pass --no-save.';

/** Whether the project lives where this call goes: account, and endpoint (a local AWS has another address each time). */
function sameHome(settings: ProjectSettings | undefined, account: string, target: Target): boolean {
  if (settings?.account !== account || (settings.sandbox === true) !== target.sandbox) return false;
  return target.sandbox || originOf(settings.endpointUrl) === originOf(target.endpointUrl?.value);
}

function originOf(url: string | undefined): string {
  return url === undefined ? 'AWS' : new URL(url).origin;
}

function homeName(account: string | undefined, endpoint: string): string {
  return `account ${account ?? 'unknown'} on ${endpoint}`;
}

/** Throws WRONG_ACCOUNT when what the project file remembers was made elsewhere: there is nothing of it here. */
export function refuseOtherHome(project: Project, account: string, target: Target): void {
  const { settings } = project;
  if (settings?.account === undefined || sameHome(settings, account, target)) return;
  const there = settings.sandbox === true ? 'the local AWS' : originOf(settings.endpointUrl);
  const here = target.sandbox ? 'the local AWS' : originOf(target.endpointUrl?.value);
  throw new S3evtError(
    'WRONG_ACCOUNT',
    `${project.path} is about ${homeName(settings.account, there)}; this call is for ${homeName(account, here)}`,
    { hint: FOREIGN_PROJECT_HINT },
  );
}

/**
 * One project file remembers one account and one Region, where "destroy" looks for what was made. Another one's ledger is not
 * overwritten, except a local AWS's, which is gone when it ends.
 */
export function refuseForeignProject(project: Project, account: string, target: Target): void {
  const { settings } = project;
  if (settings?.account === undefined || (settings.made ?? []).length === 0) return;
  const region = target.region.value;
  if (sameHome(settings, account, target)) {
    if (settings.region === undefined || settings.region === region) return;
    throw new S3evtError(
      'WRONG_REGION',
      `${project.path} remembers what was made in ${settings.region}; this call is for ${region}`,
      { hint: FOREIGN_PROJECT_HINT },
    );
  }
  if (settings.sandbox === true) return;
  refuseOtherHome(project, account, target);
}
