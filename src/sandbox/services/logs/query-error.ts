/** The query is not of the language; `message` says where. */
export class QuerySyntaxError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'QuerySyntaxError';
  }
}

/** The query takes too long. AWS ends one after an hour of running; here the steps are counted. */
export class QueryTimeout extends Error {
  constructor() {
    super('the query takes too long');
    this.name = 'QueryTimeout';
  }
}

/** What a query may still do: characters looked at times states of an expression. */
export interface StepBudget {
  left: number;
}

export function spend(budget: StepBudget, steps: number): void {
  budget.left -= steps;
  if (budget.left < 0) throw new QueryTimeout();
}
