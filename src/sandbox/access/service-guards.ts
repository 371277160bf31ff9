/** What each service's requests need, whose services answer them, and what their resources say themselves. */
import { parseArn, parseFunctionReference } from '../../core/arn.ts';
import type { Accounts, AccountServices } from '../accounts.ts';
import type { AnyHandler } from '../wire/dispatch.ts';
import type { ServiceId } from '../wire/schema.ts';
import { kmsPermissions, lambdaPermissions, logsPermissions } from './actions/compute.ts';
import { iamPermissions } from './actions/identity.ts';
import { eventsPermissions, queueOfUrl, snsPermissions, sqsPermissions } from './actions/messaging.ts';
import { cloudTrailPermissions, cloudWatchPermissions } from './actions/monitoring.ts';
import { guardHandler, type Authority, type ResourceSide, type ServiceGuard } from './guard.ts';
import type { ObjectKeys } from './s3-guard.ts';
import { MESSAGE_ACTIONS } from '../services/kms/gate.ts';
import { firstText, isObject, list, text, type Input, type Permissions } from './permission.ts';

type AccountService = Exclude<ServiceId, 's3' | 'sts'>;

interface Spec {
  readonly permissions: Permissions;
  /** The account that a request names, if it names one. */
  readonly accountIn?: (input: Input) => string | undefined;
}

const accountOfArn = (members: readonly string[]) => (input: Input) =>
  parseArn(firstText(input, members) ?? '')?.account;

/** JSON text of the policy of the resource with this ARN, by the ARN's service. */
const POLICIES: Readonly<Record<string, (services: AccountServices, arn: string) => string | undefined>> = {
  sqs: ({ sqs }, arn) => sqs.policyOf(arn),
  sns: ({ sns }, arn) => sns.policyOf(arn),
  lambda: ({ lambda }, arn) => lambda.policyOf(arn),
  kms: ({ kms }, arn) => kms.policyOf(arn),
  events: ({ events }, arn) => events.policyOf(arn),
};

function resourceSide(accounts: Accounts, arn: string): ResourceSide | undefined {
  const { account = '', service = '', resource = '' } = parseArn(arn) ?? {};
  const services = accounts.find(account);
  if (!services) return undefined;
  // A queue that is missing from another account is told to be missing.
  if (service === 'sqs' && resource !== '' && services.sqs.consume(arn) === undefined) return undefined;
  const isKey = service === 'kms' && resource.startsWith('key/');
  return { owner: account, policy: POLICIES[service]?.(services, arn), isKey };
}

/** For objects that are encrypted with a customer's key; the keys of AWS itself are open to all who may read. */
export function objectKeys(accounts: Accounts): ObjectKeys {
  return ({ account, region }, keyId) => {
    if (keyId.includes('alias/aws/')) return undefined;
    const { kms } = keyId.startsWith('arn:') ? accounts.byArn(keyId) : accounts.of(account);
    const arn = kms.keyArn(region, keyId);
    const side = arn === undefined ? undefined : resourceSide(accounts, arn);
    return arn === undefined || !side ? undefined : { arn, side };
  };
}

/** Messages of an encrypted queue or topic want rights on its key too. */
function withKeys(accounts: Accounts, service: 'sqs' | 'sns', base: Permissions): Permissions {
  return (operation, input, place) => {
    const needed = base(operation, input, place);
    const actions = /^(?:SendMessage|Publish)/.test(operation)
      ? MESSAGE_ACTIONS
      : operation === 'ReceiveMessage'
        ? ['kms:Decrypt']
        : [];
    const arn = needed[0]?.resource ?? '';
    const services = actions.length === 0 ? undefined : accounts.find(parseArn(arn)?.account ?? '');
    const name = services?.[service].keyOf(arn);
    if (!services || name === undefined) return needed;
    const key = (name.startsWith('arn:') ? accounts.byArn(name) : services).kms.keyArn(place.region, name);
    if (key === undefined) return needed;
    const context = {
      'kms:ViaService': `${service}.${place.region}.amazonaws.com`,
      'kms:CallerAccount': place.ctx.account,
    };
    return [...needed, ...actions.map((action) => ({ action, resource: key, context }))];
  };
}

function specs(accounts: Accounts): Readonly<Record<AccountService, Spec>> {
  return {
    sqs: {
      permissions: withKeys(accounts, 'sqs', sqsPermissions),
      accountIn: (input) =>
        queueOfUrl(text(input, 'QueueUrl'))?.account ?? text(input, 'QueueOwnerAWSAccountId'),
    },
    sns: {
      permissions: withKeys(accounts, 'sns', snsPermissions),
      accountIn: accountOfArn(['TopicArn', 'TargetArn', 'ResourceArn', 'SubscriptionArn']),
    },
    lambda: {
      permissions: lambdaPermissions,
      accountIn: (input) =>
        parseFunctionReference(text(input, 'FunctionName') ?? '')?.account ??
        accountOfArn(['Resource'])(input),
    },
    kms: {
      permissions: kmsPermissions((input, { region, account }) => {
        const blob = input['CiphertextBlob'];
        const reference = firstText(input, ['TargetKeyId', 'KeyId', 'AliasName']);
        const named = reference ?? (blob instanceof Uint8Array ? blob : undefined);
        return named === undefined ? undefined : accounts.find(account)?.kms.keyArn(region, named);
      }),
      accountIn: accountOfArn(['TargetKeyId', 'KeyId']),
    },
    events: {
      permissions: eventsPermissions,
      accountIn(input) {
        const [entry] = list(input, 'Entries');
        const member = isObject(entry) ? entry : input;
        return accountOfArn(['EventBusName', 'ResourceARN', 'Name'])(member);
      },
    },
    logs: { permissions: logsPermissions },
    monitoring: { permissions: cloudWatchPermissions },
    cloudtrail: { permissions: cloudTrailPermissions },
    iam: {
      permissions: iamPermissions(({ account }, name) => accounts.find(account)?.iam.rolePath(name) ?? '/'),
    },
  };
}

/** The handlers of a service for all accounts: each request goes to the account that it names, else to its caller's. */
export function guardService(
  authority: Authority,
  accounts: Accounts,
  service: AccountService,
): Record<string, AnyHandler> {
  const { permissions, accountIn } = specs(accounts)[service];
  const guard: ServiceGuard = {
    service,
    permissions,
    resource: (arn) => resourceSide(accounts, arn),
  };
  const handlersOf = (services: AccountServices) =>
    services[service].handlers as Readonly<Record<string, AnyHandler | undefined>>;
  const operations = Object.entries(handlersOf(accounts.home)).flatMap(([name, handler]) =>
    handler ? [[name, handler] as const] : [],
  );
  return Object.fromEntries(
    operations.map(([operation, homeHandler]) => [
      operation,
      guardHandler(authority, guard, operation, (input, ctx) => {
        const named = accountIn?.(input);
        const services = (named === undefined ? undefined : accounts.find(named)) ?? accounts.of(ctx.account);
        return { account: services.account, handler: handlersOf(services)[operation] ?? homeHandler };
      }),
    ]),
  );
}
