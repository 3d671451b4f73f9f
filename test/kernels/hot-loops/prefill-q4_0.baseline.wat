    loop $for-loop|1
     local.get $1
     local.get $2
     i32.gt_u
     if
      local.get $2
      local.get $6
      local.get $4
      v128.load32_splat
      i32x4.dot_i16x8_s
      local.get $7
      local.get $4
      v128.load32_splat offset=4
      i32x4.dot_i16x8_s
      i32x4.add
      local.get $8
      local.get $4
      v128.load32_splat offset=8
      i32x4.dot_i16x8_s
      i32x4.add
      local.get $9
      local.get $4
      v128.load32_splat offset=12
      i32x4.dot_i16x8_s
      i32x4.add
      local.get $10
      local.get $4
      v128.load32_splat offset=16
      i32x4.dot_i16x8_s
      i32x4.add
      local.get $11
      local.get $4
      v128.load32_splat offset=20
      i32x4.dot_i16x8_s
      i32x4.add
      local.get $12
      local.get $4
      v128.load32_splat offset=24
      i32x4.dot_i16x8_s
      i32x4.add
      local.get $13
      local.get $4
      v128.load32_splat offset=28
      i32x4.dot_i16x8_s
      i32x4.add
      f32x4.convert_i32x4_s
      local.get $14
      local.get $4
      i32.const 32
      i32.add
      v128.load32_splat
      f32x4.mul
      f32x4.mul
      local.get $2
      v128.load
      f32x4.add
      v128.store
      local.get $2
      i32.const 16
      i32.add
      local.set $2
      local.get $4
      i32.const 40
      i32.add
      local.set $4
      br $for-loop|1
     end
    end
