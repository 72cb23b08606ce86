set :application, "shop"
set :repo_url, ENV.fetch("SHOP_REPOSITORY")
set :deploy_to, ENV.fetch("SHOP_PATH")
set :keep_releases, 5
set :format, :pretty
set :format_options, color: false

# What was requested, approved and shown is what is deployed: a full SHA, which means the same for ever.
revision = ENV.fetch("REVISION")
raise ArgumentError, "REVISION is no full SHA" unless revision.match?(/\A\h{40}(\h{24})?\z/)

set :branch, revision

# The container's agent has the key. Forwarded, it also opens the private repository for the hosts' git;
# whoever is root on a host may use it until the deployment ends.
set :ssh_options, forward_agent: true, auth_methods: ["publickey"], verify_host_key: :always

# Capistrano's own words for git would trust any host that calls itself the repository's.
known = ENV.fetch("SHOP_GIT_KNOWN_HOSTS", "~/.ssh/known_hosts")
set :default_env, { git_ssh_command: "ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=#{known}" }
