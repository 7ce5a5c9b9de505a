// Imported first: packages look at these variables when they are loaded.

// One of them does not know it: https://no-color.org
if (process.env.NO_COLOR) process.env.FORCE_COLOR = '0';

// The SDK's warning of Node.js versions that it will leave behind is for who builds the command, not for who runs it.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
