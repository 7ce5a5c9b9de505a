import type { Group } from '../question.ts';

/** What the way down shows. */
export const takingDown: Group = {
  name: 'taking-down',
  questions: [],
  afterwards: [
    {
      id: 'network-interfaces',
      question: 'How long does the deletion of functions in a VPC hang on their network interfaces?',
      notHere: 'the emulator makes no network interfaces',
      from: ({ seconds, slowest }) => ({
        seen: `all was down after ${Math.round(seconds / 60)} minutes; the slowest: ${slowest
          .slice(0, 4)
          .map((each) => `${each.type} ${each.seconds} s`)
          .join(', ')}`,
        facts: { seconds, slowest },
      }),
    },
  ],
};
