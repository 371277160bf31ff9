/** How often an asynchronous event is tried, how old it may grow, and where the record of it goes: per qualifier. */
import type * as LambdaSdk from '@aws-sdk/client-lambda';
import { parseArn, parseFunctionReference } from '../../../core/arn.ts';
import type { SandboxEnv } from '../../env.ts';
import type { Handlers, RequestContext as Ctx } from '../../wire/types.ts';
import { SEND_ACTIONS } from './async-delivery.ts';
import type { AsyncTargets, RoleMay } from './async-targets.ts';
import { invalidParameter, notFound, validation } from './errors.ts';
import { page } from './paging.ts';
import { versionOf, type EventInvokeRecord, type FunctionRecord, type FunctionStore } from './store.ts';

type Operations = Pick<
  Handlers<typeof LambdaSdk>,
  | 'PutFunctionEventInvokeConfig'
  | 'UpdateFunctionEventInvokeConfig'
  | 'GetFunctionEventInvokeConfig'
  | 'DeleteFunctionEventInvokeConfig'
  | 'ListFunctionEventInvokeConfigs'
>;

interface EventInvokeDeps {
  readonly env: SandboxEnv;
  readonly store: FunctionStore;
  /** Without it no destination but a function is looked for. */
  readonly targets: AsyncTargets | undefined;
  readonly roleMay: RoleMay | undefined;
}

type Input = Pick<
  LambdaSdk.PutFunctionEventInvokeConfigRequest,
  'MaximumRetryAttempts' | 'MaximumEventAgeInSeconds' | 'DestinationConfig'
>;

type Kind = 'OnSuccess' | 'OnFailure';

function answer(
  record: FunctionRecord,
  qualifier: string,
  config: EventInvokeRecord,
): LambdaSdk.FunctionEventInvokeConfig {
  const target = (arn: string | undefined) => (arn === undefined ? {} : { Destination: arn });
  return {
    LastModified: new Date(config.lastModified),
    FunctionArn: `${record.arn}:${qualifier}`,
    MaximumRetryAttempts: config.maximumRetryAttempts,
    MaximumEventAgeInSeconds: config.maximumEventAgeSeconds,
    DestinationConfig: { OnSuccess: target(config.onSuccess), OnFailure: target(config.onFailure) },
  };
}

function checkNumbers({ MaximumRetryAttempts: attempts, MaximumEventAgeInSeconds: age }: Input): void {
  if (attempts !== undefined && attempts > 2) {
    throw validation(attempts, 'maximumRetryAttempts', 'have value less than or equal to 2');
  }
  if (age !== undefined && age < 60) {
    throw validation(age, 'maximumEventAgeInSeconds', 'have value greater than or equal to 60');
  }
  if (age !== undefined && age > 21_600) {
    throw validation(age, 'maximumEventAgeInSeconds', 'have value less than or equal to 21600');
  }
}

/** With any qualifier. */
const isItself = (record: FunctionRecord, arn: string) =>
  arn.startsWith(record.arn) && parseFunctionReference(arn)?.name === record.name;

export function eventInvokeOperations({ env, store, targets, roleMay }: EventInvokeDeps): Operations {
  /**
   * FIFO queues and topics are not supported, and buckets take failures only; that AWS refuses them with the text for an unknown
   * target is UNKNOWN.
   */
  function isPossible(arn: string, kind: Kind): boolean {
    const { service, resource } = parseArn(arn) ?? { service: '', resource: '' };
    switch (service) {
      case 'sqs':
        return !arn.endsWith('.fifo') && (!targets || targets.sqs?.consume(arn) !== undefined);
      case 'sns':
        return !arn.endsWith('.fifo') && (!targets || targets.sns?.exists(arn) === true);
      case 'events':
        return !targets || targets.events?.exists(arn) === true;
      case 's3':
        return kind === 'OnFailure' && (!targets || targets.s3?.exists(resource) === true);
      case 'lambda': {
        const found = store.byArn(arn);
        return found !== undefined && versionOf(found.record, found.qualifier) !== undefined;
      }
      default:
        return false;
    }
  }

  function checkDestination(record: FunctionRecord, qualifier: string, input: Input, kind: Kind): void {
    const arn = input.DestinationConfig?.[kind]?.Destination;
    if (arn === undefined || arn === '') return;
    if (isItself(record, arn)) {
      throw invalidParameter("You can't specify the function as a destination for itself.");
    }
    if (!isPossible(arn, kind)) throw invalidParameter(`The destination ARN ${arn} is invalid.`);
    const service = parseArn(arn)?.service ?? '';
    const action = SEND_ACTIONS[service] ?? '';
    const role = versionOf(record, qualifier)?.settings.role ?? '';
    // Of a bucket it is the objects that the action is about.
    if (roleMay?.(role, action, service === 's3' ? `${arn}/*` : arn) === undefined) return;
    // Second-hand, for queues and topics.
    throw invalidParameter(
      `The function's execution role does not have permissions to call ${action.slice(service.length + 1)} on ${arn}`,
    );
  }

  function check(record: FunctionRecord, qualifier: string, input: Input): void {
    const { MaximumRetryAttempts, MaximumEventAgeInSeconds, DestinationConfig } = input;
    if ([MaximumRetryAttempts, MaximumEventAgeInSeconds, DestinationConfig].every((v) => v === undefined)) {
      throw invalidParameter('You must specify at least one of error handling or destination setting.');
    }
    checkNumbers(input);
    checkDestination(record, qualifier, input, 'OnSuccess');
    checkDestination(record, qualifier, input, 'OnFailure');
  }

  function targetOf(input: { FunctionName?: string | undefined; Qualifier?: string | undefined }, ctx: Ctx) {
    const { record, qualifier = '$LATEST', arn } = store.resolve(input.FunctionName, input.Qualifier, ctx);
    if (!record || !versionOf(record, qualifier)) throw notFound("The function doesn't exist.");
    const require = () => {
      const config = record.eventInvoke.get(qualifier);
      if (!config) throw notFound(`The function ${arn}:${qualifier} doesn't have an EventInvokeConfig`);
      return config;
    };
    return { record, qualifier, require };
  }

  function set(
    record: FunctionRecord,
    qualifier: string,
    input: Input,
    former: EventInvokeRecord | undefined,
  ) {
    // An empty text removes what was set before.
    const destination = (kind: Kind, before: string | undefined) => {
      const given = input.DestinationConfig?.[kind]?.Destination;
      return given === '' ? undefined : (given ?? before);
    };
    const config: EventInvokeRecord = {
      lastModified: env.clock.now(),
      maximumRetryAttempts: input.MaximumRetryAttempts ?? former?.maximumRetryAttempts,
      maximumEventAgeSeconds: input.MaximumEventAgeInSeconds ?? former?.maximumEventAgeSeconds,
      onSuccess: destination('OnSuccess', former?.onSuccess),
      onFailure: destination('OnFailure', former?.onFailure),
    };
    record.eventInvoke.set(qualifier, config);
    return answer(record, qualifier, config);
  }

  return {
    PutFunctionEventInvokeConfig(input, ctx) {
      const { record, qualifier } = targetOf(input, ctx);
      check(record, qualifier, input);
      return set(record, qualifier, input, undefined);
    },

    UpdateFunctionEventInvokeConfig(input, ctx) {
      const { record, qualifier, require } = targetOf(input, ctx);
      check(record, qualifier, input);
      return set(record, qualifier, input, require());
    },

    GetFunctionEventInvokeConfig(input, ctx) {
      const { record, qualifier, require } = targetOf(input, ctx);
      return answer(record, qualifier, require());
    },

    DeleteFunctionEventInvokeConfig(input, ctx) {
      const { record, qualifier, require } = targetOf(input, ctx);
      require();
      record.eventInvoke.delete(qualifier);
    },

    ListFunctionEventInvokeConfigs(input, ctx) {
      const { record } = targetOf(input, ctx);
      const all = [...record.eventInvoke].map(([qualifier, config]) => answer(record, qualifier, config));
      const { items, next } = page(all, input.Marker, input.MaxItems);
      return { FunctionEventInvokeConfigs: items, NextMarker: next };
    },
  };
}
