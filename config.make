# What nginx's Makefile needs to embed the Lua scripts, where they change too.

cat << END >> $NGX_MAKEFILE

$NGX_OBJS/addon/common/voyo_lua.c: \\
		$ngx_addon_dir/util/embed-lua \\
		$ngx_addon_dir/common/lua/*.lua
	sh $ngx_addon_dir/util/embed-lua $ngx_addon_dir/common/lua/*.lua \\
		> \$@.new
	mv \$@.new \$@

END
