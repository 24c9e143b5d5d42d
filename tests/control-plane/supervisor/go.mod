module egret/control-plane/supervisor

go 1.26.0
