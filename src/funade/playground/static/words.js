// What the page itself says, in English and Japanese. What people and apps write is theirs.

const WORDS = {
  en: {
    act_as: "You are", actions: "Message actions", add_reaction: "React", advance: "Let time pass",
    and_send: "Also send to the channel", app: "APP", apps: "Apps",
    cancel: "Cancel", channels: "Channels", choose: "Choose…", close: "Close", close_all: "Close all",
    clear: "Clear", connections: "sockets open", cut: "Break the sockets",
    delete: "Delete", delete_sure: "Delete this message?", deleted_message: "This message was deleted.",
    direct: "Direct messages", disconnect: "Disconnect", edit: "Edit", edited: "(edited)", empty: "Nothing here yet. Say something.",
    filter: "Filter", from_app: "from the app", guest: "guest", home: "Home",
    home_empty: "This app has not published its home to you.", inspector: "Inspector", in_thread: "Thread",
    join: "Join", language: "日本語", members: "members", menu: "Menu", message_to: "Message {0}",
    messages: "Messages", more: "More", no: "No", no_matches: "Nothing matches",
    only_you: "Only visible to you", optional: "optional", open_thread: "{0} replies",
    one_reply: "1 reply", private: "private", reply: "Reply in thread", reply_to: "Reply…", refresh: "Refresh sockets",
    save: "Save", secrets: "Tokens", send: "Send", sent: "Sent", shared: "shared with another company", shortcuts: "Shortcuts",
    skip: "Skip to messages", stranger: "another company", suggestions: "Suggestions", switches: "Switches",
    to_app: "to the app", today: "Today", tools: "Tools", trouble: "We had some trouble connecting. Try again?",
    type_more: "Type to search", unread: "unread", yes: "Yes", yesterday: "Yesterday",
    gone: "Connection lost. Trying again…", connected: "Connected again",
  },
  ja: {
    act_as: "あなた", actions: "メッセージの操作", add_reaction: "リアクション", advance: "時間を進める",
    and_send: "チャンネルにも送信する", app: "アプリ", apps: "アプリ",
    cancel: "キャンセル", channels: "チャンネル", choose: "選択…", close: "閉じる", close_all: "すべて閉じる",
    clear: "消去", connections: "本のソケットが接続中", cut: "ソケットを切断する",
    delete: "削除", delete_sure: "このメッセージを削除しますか？", deleted_message: "このメッセージは削除されました。",
    direct: "ダイレクトメッセージ", disconnect: "切断", edit: "編集", edited: "（編集済み）", empty: "まだ何もありません。話しかけてみましょう。",
    filter: "絞り込み", from_app: "アプリから", guest: "ゲスト", home: "ホーム",
    home_empty: "このアプリはまだホームを公開していません。", inspector: "インスペクター", in_thread: "スレッド",
    join: "参加する", language: "English", members: "人", menu: "メニュー", message_to: "{0} へのメッセージ",
    messages: "メッセージ", more: "その他", no: "いいえ", no_matches: "一致するものがありません",
    only_you: "あなただけに表示されています", optional: "任意", open_thread: "{0} 件の返信",
    one_reply: "1 件の返信", private: "プライベート", reply: "スレッドで返信する", reply_to: "返信する…", refresh: "ソケットを更新する",
    save: "保存", secrets: "トークン", send: "送信", sent: "送信しました", shared: "社外と共有", shortcuts: "ショートカット",
    skip: "メッセージへ移動", stranger: "社外", suggestions: "候補", switches: "スイッチ",
    to_app: "アプリへ", today: "今日", tools: "ツール", trouble: "接続に問題が発生しました。もう一度お試しください。",
    type_more: "入力して検索", unread: "未読", yes: "はい", yesterday: "昨日",
    gone: "接続が切れました。再接続しています…", connected: "再接続しました",
  },
};

let language = localStorage.getItem("language") || (navigator.language.startsWith("ja") ? "ja" : "en");

export function currentLanguage() {
  return language;
}

export function setLanguage(wanted) {
  language = wanted;
  localStorage.setItem("language", wanted);
  document.documentElement.lang = wanted;
}

export function word(name, ...parts) {
  return parts.reduce((text, part, index) => text.replace(`{${index}}`, part), WORDS[language][name] ?? name);
}

export const languages = Object.keys(WORDS);
