/** Aliases: names that point to a key of the same region. */
import type * as Client from '@aws-sdk/client-kms';
import type { SandboxEnv } from '../../env.ts';
import type { Handlers, RequestContext } from '../../wire/types.ts';
import { alreadyExists, invalidState, notAuthorized, notFound } from './errors.ts';
import { checkAliasName, pageOf } from './parameters.ts';
import type { KmsAlias, KmsKey, KmsStore } from './store.ts';

export function aliasHandlers(env: SandboxEnv, store: KmsStore): Handlers<typeof Client> {
  const targetOf = (ctx: RequestContext, reference: string | undefined): KmsKey => {
    const key = store.requireKey(ctx.region, reference ?? '', { aliases: false });
    if (key.manager === 'AWS') throw notAuthorized();
    if (key.deletionDate !== undefined) throw invalidState(`${key.arn} is pending deletion.`);
    return key;
  };
  const checkedName = (given: string | undefined): string => {
    const name = given ?? '';
    checkAliasName(name);
    if (name.startsWith('alias/aws/')) throw notAuthorized();
    return name;
  };
  const existing = (ctx: RequestContext, given: string | undefined): KmsAlias => {
    const name = checkedName(given);
    const alias = store.findAlias(ctx.region, name);
    if (!alias) throw notFound(`Alias ${store.arn(ctx.region, name)} is not found.`);
    return alias;
  };

  return {
    CreateAlias(input, ctx) {
      const name = checkedName(input.AliasName);
      const key = targetOf(ctx, input.TargetKeyId);
      const alias = store.findAlias(ctx.region, name);
      if (alias) throw alreadyExists(`An alias with the name ${alias.arn} already exists`);
      store.createAlias(ctx.region, name, key);
    },

    UpdateAlias(input, ctx) {
      const alias = existing(ctx, input.AliasName);
      alias.keyId = targetOf(ctx, input.TargetKeyId).id;
      alias.updatedAt = env.clock.now();
    },

    DeleteAlias(input, ctx) {
      store.deleteAlias(ctx.region, existing(ctx, input.AliasName).name);
    },

    ListAliases(input, ctx) {
      const key =
        input.KeyId === undefined ? undefined : store.requireKey(ctx.region, input.KeyId, { aliases: false });
      const aliases = store.aliases(ctx.region).filter((alias) => !key || alias.keyId === key.id);
      const { page, paging } = pageOf('ListAliases', aliases, (alias) => alias.name, input, {
        default: 50,
        max: 100,
      });
      return {
        Aliases: page.map((alias) => ({
          AliasName: alias.name,
          AliasArn: alias.arn,
          TargetKeyId: alias.keyId,
          CreationDate: new Date(alias.createdAt),
          LastUpdatedDate: new Date(alias.updatedAt),
        })),
        ...paging,
      };
    },
  };
}
