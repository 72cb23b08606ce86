// A bot as Hubot's users write it: it hears a command and says it again. Its adapter is the published one; only the
// address of Slack is given to it, which it takes no setting for.

import { SlackBot } from "@hubot-friends/hubot-slack/src/Bot.mjs";
import "@hubot-friends/hubot-slack/src/Extensions.mjs";
import { SocketModeClient } from "@slack/socket-mode";
import { WebClient } from "@slack/web-api";
import { Robot } from "hubot";

const { SLACK_API_URL: slackApiUrl, SLACK_BOT_TOKEN: botToken, SLACK_APP_TOKEN: appToken } = process.env;
const adapter = {
  use: (robot) =>
    new SlackBot(robot, {
      botToken,
      appToken,
      socket: new SocketModeClient({ appToken, clientOptions: { slackApiUrl } }),
      web: new WebClient(botToken, { slackApiUrl }),
    }),
};
const robot = new Robot(adapter, false, "hubot");
await robot.loadAdapter();
robot.respond(/deploy (.*)/i, async (response) => await response.send(`deploying ${response.match[1]}`));
await robot.run();
console.log("ready");
