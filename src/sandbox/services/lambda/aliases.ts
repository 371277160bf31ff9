import type * as LambdaSdk from '@aws-sdk/client-lambda';
import type { SandboxEnv } from '../../env.ts';
import type { Handlers } from '../../wire/types.ts';
import { conflict, functionNotFound, revisionMismatch, validation } from './errors.ts';
import { page } from './paging.ts';
import { requireAlias, type AliasRecord, type FunctionRecord, type FunctionStore } from './store.ts';

type Operations = Pick<
  Handlers<typeof LambdaSdk>,
  'CreateAlias' | 'GetAlias' | 'UpdateAlias' | 'DeleteAlias' | 'ListAliases'
>;

const ALIAS_PATTERN = '((?!^\\d+$)^[0-9a-zA-Z-_]+$)';

function answer(record: FunctionRecord, alias: AliasRecord): LambdaSdk.AliasConfiguration {
  return {
    AliasArn: `${record.arn}:${alias.name}`,
    Name: alias.name,
    FunctionVersion: alias.version,
    Description: alias.description,
    RevisionId: alias.revisionId,
    ...(alias.weights && { RoutingConfig: { AdditionalVersionWeights: { ...alias.weights } } }),
  };
}

function checkVersion(record: FunctionRecord, version: string): string {
  if (version !== '$LATEST' && !record.versions.has(version))
    throw functionNotFound(`${record.arn}:${version}`);
  return version;
}

export function aliasOperations(env: SandboxEnv, store: FunctionStore): Operations {
  return {
    CreateAlias(input, ctx) {
      const { record } = store.require(input.FunctionName, undefined, ctx);
      const name = input.Name ?? '';
      if (!/^(?!\d+$)[0-9a-zA-Z_-]+$/.test(name)) {
        throw validation(name, 'name', `satisfy regular expression pattern: ${ALIAS_PATTERN}`);
      }
      if (record.aliases.has(name)) throw conflict(`Alias already exists: ${record.arn}:${name}`);
      const alias: AliasRecord = {
        name,
        version: checkVersion(record, input.FunctionVersion ?? '$LATEST'),
        description: input.Description ?? '',
        weights: input.RoutingConfig?.AdditionalVersionWeights,
        revisionId: env.ids.uuid(),
      };
      record.aliases.set(name, alias);
      return answer(record, alias);
    },

    GetAlias(input, ctx) {
      const { record } = store.require(input.FunctionName, undefined, ctx);
      return answer(record, requireAlias(record, input.Name));
    },

    UpdateAlias(input, ctx) {
      const { record } = store.require(input.FunctionName, undefined, ctx);
      const alias = requireAlias(record, input.Name);
      if (input.RevisionId !== undefined && input.RevisionId !== alias.revisionId) {
        throw revisionMismatch('GetFunction/GetAlias');
      }
      if (input.FunctionVersion !== undefined) alias.version = checkVersion(record, input.FunctionVersion);
      alias.description = input.Description ?? alias.description;
      if (input.RoutingConfig) {
        const weights = input.RoutingConfig.AdditionalVersionWeights ?? {};
        alias.weights = Object.keys(weights).length > 0 ? weights : undefined;
      }
      alias.revisionId = env.ids.uuid();
      return answer(record, alias);
    },

    DeleteAlias(input, ctx) {
      // Deleting what is not there succeeds: the call is idempotent.
      const { record } = store.require(input.FunctionName, undefined, ctx);
      record.aliases.delete(input.Name ?? '');
      record.policies.delete(input.Name ?? '');
    },

    ListAliases(input, ctx) {
      const { record } = store.require(input.FunctionName, undefined, ctx);
      const all = [...record.aliases.values()]
        .filter((alias) => input.FunctionVersion === undefined || alias.version === input.FunctionVersion)
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      const { items, next } = page(all, input.Marker, input.MaxItems);
      return { Aliases: items.map((alias) => answer(record, alias)), NextMarker: next };
    },
  };
}
