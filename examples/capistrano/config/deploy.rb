set :application, "shop"
set :repo_url, ENV.fetch("SHOP_REPOSITORY")
set :deploy_to, ENV.fetch("SHOP_PATH")
set :keep_releases, 5
set :format, :pretty
set :format_options, color: false

# What was requested, approved and shown is what is deployed: a full SHA, which means the same for ever.
# Capistrano would look up a branch once more, on the hosts, minutes later.
set :branch, ENV.fetch("REVISION")

# Funade's environment has the key's path and nothing else of whoever runs it; no agent, no ~/.ssh/config.
set :ssh_options,
    config: false,
    keys: [ENV.fetch("SHOP_KEY")],
    keys_only: true,
    auth_methods: ["publickey"],
    user_known_hosts_file: ENV.fetch("SHOP_KNOWN_HOSTS"),
    global_known_hosts_file: [],
    verify_host_key: :always
