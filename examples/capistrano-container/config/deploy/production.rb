ENV.fetch("SHOP_HOSTS").split.each { |host| server host, roles: %w[app web] }
