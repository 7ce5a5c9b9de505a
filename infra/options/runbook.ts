import { Annotations, Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Where the package has it, for people who look for it by hand. */
export const RUNBOOK = 'docdb-rotation/statemachine/RUNBOOK.md';

/** Operators meet it in consoles and mails. Where it is published, this package can't know. */
export const warnOfPath = (construct: IConstruct, runbookUrl: string): void => {
  if (Token.isUnresolved(runbookUrl) || /^https?:\/\//.test(runbookUrl)) return;
  Annotations.of(construct).addWarningV2(
    'docdb-rotation:runbook-url',
    `alarms and the causes of failures point to ${runbookUrl}, which is no address: put RUNBOOK.md where your operators read it, and give that as runbookUrl`,
  );
};
