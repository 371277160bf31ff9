/** A query of Logs Insights, read (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html). */
import type { QueryRegex } from './query-regex.ts';
import type { QueryFunction } from './query-functions.ts';

export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=';
export type Arithmetic = '+' | '-' | '*' | '/' | '%' | '^';
export type AggregateName =
  'count' | 'count_distinct' | 'min' | 'max' | 'avg' | 'sum' | 'pct' | 'stddev' | 'earliest' | 'latest';

/** What `like` looks for. */
export type Pattern = { readonly text: string } | { readonly regex: QueryRegex };

export type Expression =
  | { readonly kind: 'literal'; readonly value: string | number }
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'not'; readonly operand: Expression }
  | {
      readonly kind: 'compare';
      readonly operator: Comparison;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: 'calculate';
      readonly operator: Arithmetic;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: 'like'; readonly operand: Expression; readonly pattern: Pattern }
  | { readonly kind: 'in'; readonly operand: Expression; readonly list: readonly Expression[] }
  | { readonly kind: 'call'; readonly run: QueryFunction; readonly args: readonly Expression[] }
  /** `bin(5m)` of @timestamp, or of another field. */
  | { readonly kind: 'bin'; readonly operand: Expression; readonly period: Period }
  /** `argument` is absent in `count(*)`; `percent` is of `pct`. */
  | {
      readonly kind: 'aggregate';
      readonly name: AggregateName;
      readonly argument: Expression | undefined;
      readonly percent: number;
    };

/** Months, quarters and years have no fixed length. */
export type Period = { readonly ms: number } | { readonly months: number };

/** An expression and the column that it fills. */
export interface Column {
  readonly name: string;
  readonly expression: Expression;
}

export type Command =
  | { readonly kind: 'fields' | 'display'; readonly columns: readonly Column[] }
  | { readonly kind: 'filter'; readonly condition: Expression }
  | {
      readonly kind: 'parseGlob';
      readonly from: Expression;
      readonly pieces: readonly string[];
      readonly names: readonly string[];
    }
  | {
      readonly kind: 'parseRegex';
      readonly from: Expression;
      readonly regex: QueryRegex;
      readonly names: readonly string[];
    }
  | {
      readonly kind: 'sort';
      readonly keys: readonly { readonly expression: Expression; readonly descending: boolean }[];
    }
  | { readonly kind: 'limit'; readonly count: number }
  | { readonly kind: 'dedup'; readonly fields: readonly Expression[] }
  | { readonly kind: 'stats'; readonly columns: readonly Column[]; readonly by: readonly Column[] };

/** The groups that `SOURCE logGroups(…)` selects; class is STANDARD unless it says otherwise. */
export interface SourceSelection {
  readonly namePrefixes: readonly string[];
  readonly classes: readonly string[];
  readonly accounts: readonly string[];
}

export interface Query {
  readonly source: SourceSelection | undefined;
  readonly commands: readonly Command[];
}
