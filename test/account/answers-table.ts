import { tableLines } from '../../statemachine/commands/terminal/table.ts';
import type { Answer, AnswersFile } from './answers.ts';

const LONGEST = 110;

const short = (text: string): string => (text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`);

const cellOf = (answer: Answer): string => {
  if (answer.outcome === 'answered') return answer.seen;
  return answer.outcome === 'failed' ? `FAILED: ${answer.error}` : `not asked here: ${answer.why}`;
};

/** What was found, a line for each question. The whole of it is in the file. */
export const answersTable = ({ answers }: AnswersFile): string[] =>
  tableLines(
    [
      ['group', 'question', 'seconds', 'seen'],
      ...answers.map((answer) => [
        answer.group,
        answer.id,
        answer.seconds.toFixed(1),
        short(cellOf(answer).replaceAll(/\s+/g, ' ')),
      ]),
    ],
    Number.POSITIVE_INFINITY,
    0,
  );

/** How the run ended, in some sentences. */
export const summaryLines = (file: AnswersFile): string[] => {
  const count = (outcome: Answer['outcome']) =>
    file.answers.filter((answer) => answer.outcome === outcome).length;
  const left = file.takenDown?.left ?? [];
  return [
    `${count('answered')} answered, ${count('not asked here')} not asked here, ${count('failed')} failed; ${file.minutes} minutes, about ${file.estimatedUsd.toFixed(2)} USD`,
    ...(file.complete ? [] : [`not complete: ${file.stoppedBy}`]),
    left.length === 0 ? 'everything was taken down' : `STILL THERE: ${left.join(', ')}: run it with --down`,
    ...(file.place === 'local' ? ['these are answers of the local stack: they say nothing about AWS'] : []),
  ];
};
