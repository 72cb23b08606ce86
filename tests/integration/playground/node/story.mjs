// The story's app in Node; each line of its output is a line of its trace.

import bolt from "@slack/bolt";

const { SLACK_API_URL, SLACK_BOT_TOKEN, SLACK_APP_TOKEN, SLACK_SIGNING_SECRET, PORT } = process.env;
const note = (line) => console.log(line);
const app = new bolt.App({
  token: SLACK_BOT_TOKEN,
  appToken: SLACK_APP_TOKEN,
  signingSecret: SLACK_SIGNING_SECRET,
  socketMode: !PORT,
  clientOptions: { slackApiUrl: SLACK_API_URL },
  logLevel: bolt.LogLevel.ERROR,
});

const text = (words) => ({ type: "plain_text", text: words });
const modal = (callback_id, more = {}) => ({
  type: "modal", callback_id, title: text("Form"), submit: text("Send"), notify_on_close: true,
  blocks: [{ type: "input", block_id: "ref", label: text("Ref"), element: { type: "external_select", action_id: "ref", min_query_length: 1 } }],
  ...more,
});
const buttons = [{ type: "actions", block_id: "row", elements: [{ type: "button", action_id: "go", value: "7", text: text("Go") }] }];

app.event("app_mention", async ({ event, say }) => {
  note("mention " + event.text.split("> ").slice(1).join("> "));
  await say({ text: "Here it is", blocks: buttons });
});
app.message(async () => {});
app.command("/story", async ({ ack, command }) => {
  note("command " + command.text);
  await ack({ response_type: "in_channel", text: "Once upon a time" });
});
app.action("go", async ({ ack, body, client }) => {
  await ack();
  note(`button ${body.actions[0].value} by ${body.user.id}`);
  await client.views.open({ trigger_id: body.trigger_id, view: modal("form") });
});
app.options("ref", async ({ ack, payload }) => {
  note("option " + payload.value);
  await ack({ options: [0, 1, 2].map((number) => ({ text: text(`${payload.value}-${number}`), value: `ref-${number}` })) });
});
app.view("form", async ({ ack, view }) => {
  note("submitted " + view.state.values.ref.ref.selected_option.value);
  await ack({ response_action: "errors", errors: { ref: "Not that one" } });
});
app.view("updating", async ({ ack }) => {
  note("submitted again");
  await ack({ response_action: "update", view: modal("pushing", { blocks: [] }) });
});
app.view("pushing", async ({ ack }) => {
  note("submitted last");
  await ack({ response_action: "push", view: modal("form", { blocks: [] }) });
});
app.view({ callback_id: "form", type: "view_closed" }, async ({ ack }) => {
  await ack();
  note("closed form");
});
app.shortcut("begin", async ({ ack, shortcut, client }) => {
  await ack();
  note("shortcut begin");
  await client.views.open({ trigger_id: shortcut.trigger_id, view: modal("updating", { blocks: [] }) });
});
app.shortcut("keep", async ({ ack, respond }) => {
  await ack();
  note("message shortcut keep");
  await respond({ text: "Kept", response_type: "ephemeral" });
});
app.event("app_home_opened", async ({ event, client }) => {
  note("home " + event.tab);
  await client.views.publish({ user_id: event.user, view: { type: "home", blocks: [{ type: "section", text: { type: "mrkdwn", text: "Welcome" } }] } });
});

await app.start(PORT ? Number(PORT) : undefined);
note("ready");
