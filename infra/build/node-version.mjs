/*
 * Loaded before each command of this repository (node --import), in the words of an old Node.js: one that does not know TypeScript
 * would end in a stack trace.
 */
const OLDEST = 24;

if (Number(process.versions.node.split('.')[0]) < OLDEST) {
  console.error(
    `this command needs Node.js ${OLDEST}, and runs on ${process.versions.node}. \`npm ci\` installs ${OLDEST} below node_modules, by an install script: if that was kept from running (--ignore-scripts), run \`npm rebuild node\`, or put Node.js ${OLDEST} into your PATH`,
  );
  process.exit(1);
}
