  loop $for-loop|0
   local.get $3
   local.get $5
   i32.gt_s
   if
    local.get $2
    local.get $0
    local.get $1
    local.get $4
    call $assembly/formats/q8_0/Q8_0#dot
    f32.store
    local.get $0
    local.get $6
    i32.add
    local.set $0
    local.get $2
    i32.const 4
    i32.add
    local.set $2
    local.get $5
    i32.const 1
    i32.add
    local.set $5
    br $for-loop|0
   end
  end

  loop $for-loop|0
   local.get $1
   local.get $8
   i32.lt_u
   if
    local.get $3
    local.get $0
    i32.const 2
    i32.add
    v128.load8x8_s align=1
    local.get $1
    v128.load
    i32x4.dot_i16x8_s
    local.get $0
    i32.const 10
    i32.add
    v128.load8x8_s align=1
    local.get $1
    v128.load offset=16
    i32x4.dot_i16x8_s
    i32x4.add
    local.get $0
    i32.const 18
    i32.add
    v128.load8x8_s align=1
    local.get $1
    v128.load offset=32
    i32x4.dot_i16x8_s
    local.get $0
    i32.const 26
    i32.add
    v128.load8x8_s align=1
    local.get $1
    v128.load offset=48
    i32x4.dot_i16x8_s
    i32x4.add
    i32x4.add
    f32x4.convert_i32x4_s
    local.get $0
    i32.load16_s
    i32.const 13
    i32.shl
    i32.const -1879056384
    i32.and
    f32.reinterpret_i32
    f32.const 5192296858534827628530496e9
    f32.mul
    local.get $4
    f32.load
    f32.mul
    f32x4.splat
    f32x4.mul
    f32x4.add
    local.set $3
    local.get $7
    local.get $0
    i32.const 34
    i32.add
    local.tee $5
    i32.const 2
    i32.add
    v128.load8x8_s align=1
    local.get $1
    i32.const -64
    i32.sub
    local.tee $6
    v128.load
    i32x4.dot_i16x8_s
    local.get $5
    i32.const 10
    i32.add
    v128.load8x8_s align=1
    local.get $6
    v128.load offset=16
    i32x4.dot_i16x8_s
    i32x4.add
    local.get $5
    i32.const 18
    i32.add
    v128.load8x8_s align=1
    local.get $6
    v128.load offset=32
    i32x4.dot_i16x8_s
    local.get $5
    i32.const 26
    i32.add
    v128.load8x8_s align=1
    local.get $6
    v128.load offset=48
    i32x4.dot_i16x8_s
    i32x4.add
    i32x4.add
    f32x4.convert_i32x4_s
    local.get $5
    i32.load16_s
    i32.const 13
    i32.shl
    i32.const -1879056384
    i32.and
    f32.reinterpret_i32
    f32.const 5192296858534827628530496e9
    f32.mul
    local.get $4
    f32.load offset=4
    f32.mul
    f32x4.splat
    f32x4.mul
    f32x4.add
    local.set $7
    local.get $0
    i32.const 68
    i32.add
    local.set $0
    local.get $1
    i32.const 128
    i32.add
    local.set $1
    local.get $4
    i32.const 8
    i32.add
    local.set $4
    br $for-loop|0
   end
  end
