# Tells how a deployment by Capistrano goes: to whoever runs the container, and to a Slack channel.
#
# REPORT_FILE        where what was seen on the hosts is written (default: /dev/termination-log, where it exists):
#                    {"shown": "web1, web2: f5c0df1", "revision": "<sha>"}; `differing` instead, if the hosts differ
# SLACK_WEBHOOK_URL  an incoming webhook; or SLACK_WEBHOOK_FILE, a file that holds it
# REPORT_LANGUAGE    en (the default) or ja
#
# A report that fails is said in the log and changes nothing else: the deployment counts.
require "json"
require "net/http"
require "uri"

module DeployReport
  WORDS = {
    "en" => {
      started: "%<what>s is being deployed to %<stage>s",
      finished: "%<what>s was deployed to %<stage>s in %<seconds>d s (%<shown>s)",
      failed: "%<what>s could not be deployed to %<stage>s: see the log",
      unseen: "the hosts could not be asked",
    },
    "ja" => {
      started: "%<what>s を %<stage>s にデプロイしています",
      finished: "%<what>s を %<stage>s にデプロイしました(%<seconds>d 秒、%<shown>s)",
      failed: "%<what>s を %<stage>s にデプロイできませんでした。ログを確認してください",
      unseen: "ホストに確認できませんでした",
    },
  }.freeze
  # What may be lost on the way; the address is a secret and stands in the words of some of them.
  LOST = [SystemCallError, SocketError, IOError, Timeout::Error, OpenSSL::SSL::SSLError, Net::ProtocolError,
          Net::HTTPBadResponse, URI::InvalidURIError, ArgumentError].freeze
  LONGEST = 4096
  SECONDS = 5

  module_function

  def began
    @began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end

  def seconds
    @began ? Process.clock_gettime(Process::CLOCK_MONOTONIC) - @began : 0
  end

  def words
    WORDS[ENV["REPORT_LANGUAGE"]] || WORDS["en"]
  end

  # Which hosts have which revision, as { sha => [host, …] }.
  def summed(seen)
    seen.group_by(&:last).transform_values { |pairs| pairs.map(&:first).sort }
  end

  def shown(summed)
    return words[:unseen] if summed.empty?

    summed.sort.map { |revision, hosts| "#{hosts.join(", ")}: #{revision[0, 7]}" }.join("; ")
  end

  def write(summed)
    path = ENV["REPORT_FILE"] || "/dev/termination-log"
    return unless ENV["REPORT_FILE"] || File.exist?(path)

    report = { shown: shown(summed)[0, LONGEST / 8] }
    report[:revision] = summed.keys.first if summed.size == 1
    report[:differing] = report[:shown] if summed.size > 1
    File.write(path, JSON.generate(report))
  rescue SystemCallError => e
    warn "the report could not be written to #{path}: #{e.class}"
  end

  def post(text)
    address = webhook
    return if address.nil?

    uri = URI.parse(address)
    raise ArgumentError unless uri.is_a?(URI::HTTPS) || %w[127.0.0.1 localhost].include?(uri.host)

    answer = Net::HTTP.start(uri.host, uri.port, use_ssl: uri.is_a?(URI::HTTPS), open_timeout: SECONDS,
                                                 read_timeout: SECONDS, write_timeout: SECONDS) do |http|
      http.max_retries = 0
      http.post(uri.request_uri, JSON.generate(text: text), "Content-Type" => "application/json")
    end
    warn "Slack did not take the report: it answered #{answer.code}" unless answer.is_a?(Net::HTTPSuccess)
  rescue *LOST => e
    warn "Slack could not be told: #{e.class}"
  end

  def webhook
    file = ENV["SLACK_WEBHOOK_FILE"]
    address = file ? File.read(file).strip : ENV["SLACK_WEBHOOK_URL"]
    address unless address.nil? || address.empty?
  end

  # Slack reads these three as markup, and nothing else.
  def escaped(text)
    text.to_s.gsub("&", "&amp;").gsub("<", "&lt;").gsub(">", "&gt;")
  end

  def tell(what, **more)
    post(format(words.fetch(what), **more.transform_values { |one| one.is_a?(String) ? escaped(one) : one }))
  end
end

namespace :report do
  def about_this_deployment
    { what: "#{fetch(:application)} #{fetch(:branch).to_s[0, 7]}", stage: fetch(:stage).to_s }
  end

  def revisions_seen
    seen = []
    on(release_roles(:all)) do |host|
      seen << [host.hostname.to_s, capture(:cat, current_path.join("REVISION")).strip]
    end
    seen
  rescue StandardError => e
    warn "the hosts could not be asked what is live: #{e.class}"
    []
  end

  desc "Say that a deployment has begun"
  task :started do
    DeployReport.began
    DeployReport.tell(:started, **about_this_deployment)
  end

  desc "Say what is live now"
  task :finished do
    summed = DeployReport.summed(revisions_seen)
    DeployReport.write(summed)
    DeployReport.tell(:finished, **about_this_deployment, seconds: DeployReport.seconds,
                                                          shown: DeployReport.shown(summed))
  end

  desc "Say that it did not work"
  task :failed do
    DeployReport.tell(:failed, **about_this_deployment)
  end
end

before "deploy:starting", "report:started"
after "deploy:finished", "report:finished"
after "deploy:failed", "report:failed"
