    loop $for-loop|1
     local.get $2
     local.get $16
     i32.lt_u
     if
      local.get $2
      local.get $3
      v128.load
      local.get $6
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $3
      v128.load offset=16
      local.get $7
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      local.get $3
      v128.load offset=32
      local.get $8
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $3
      v128.load offset=48
      local.get $9
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      i16x8.add
      local.get $4
      i32x4.dot_i16x8_s
      local.get $3
      v128.load offset=64
      local.get $10
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $3
      v128.load offset=80
      local.get $11
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      local.get $3
      v128.load offset=96
      local.get $12
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $3
      v128.load offset=112
      local.get $13
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      i16x8.add
      local.get $4
      i32x4.dot_i16x8_s
      i32x4.add
      f32x4.convert_i32x4_s
      local.get $14
      local.get $3
      v128.load offset=128
      f32x4.mul
      local.get $15
      local.get $3
      v128.load offset=176
      local.get $2
      v128.load
      f32x4.relaxed_madd
      f32x4.relaxed_madd
      v128.store
      local.get $2
      i32.const 16
      i32.add
      local.set $2
      local.get $3
      i32.const 192
      i32.add
      local.set $3
      br $for-loop|1
     end
    end
